"""Files of named vectors, of the forms that people keep them in."""

from __future__ import annotations

import csv
import json
import zipfile
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from compose.graphs.graph_errors import VectorFileError
from compose.graphs.vectors.number_fields import is_number, trailing_numbers


@dataclass(frozen=True)
class VectorTable:
    """Named vectors.

    Args:
        names: ``k`` names, each once.
        vectors: ``k d``, finite.
    """

    names: list[str]
    vectors: NDArray[np.float32]


def read_vectors(path: Path) -> VectorTable:
    """The named vectors of a file, of the form that its ending says.

    Raises:
        VectorFileError: the file is missing, damaged, not of its form, or names a vector twice.
    """
    try:
        return READERS[path.suffix.lower()](path)
    except FileNotFoundError:
        raise VectorFileError(path, "there is no such file of vectors") from None
    except UnicodeDecodeError as error:
        raise VectorFileError(path, f"expected UTF-8 text, found the byte {error.object[error.start]:#04x}") from None
    except OSError as error:
        raise VectorFileError(path, f"cannot be read ({error.strerror or error})") from None


def _npz(path: Path) -> VectorTable:
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, zipfile.BadZipFile, zlib.error, TypeError) as error:
        raise VectorFileError(path, f"expected a .npz file of numbers and names without pickle ({error})") from None
    if "names" not in arrays or "vectors" not in arrays:
        return _table(path, arrays)
    names, vectors = arrays["names"], arrays["vectors"]
    if names.dtype.kind != "U" or vectors.ndim != 2 or names.shape != vectors.shape[:1]:
        found = f"`names` {names.dtype} {names.shape} and `vectors` {vectors.dtype} {vectors.shape}"
        raise VectorFileError(path, f"expected `names`, text of shape (k,), and `vectors`, (k, d), found {found}")
    return _table_of_pairs(path, zip(names.tolist(), vectors, strict=True))


def _safetensors(path: Path) -> VectorTable:
    from safetensors import SafetensorError
    from safetensors.torch import load_file

    try:
        tensors = load_file(path)
    except SafetensorError as error:
        raise VectorFileError(path, f"expected a .safetensors file ({error})") from None
    return _table(path, {name: tensor.float().numpy() for name, tensor in tensors.items()})


def _json(path: Path) -> VectorTable:
    try:
        pairs = json.loads(path.read_text("utf-8-sig"), object_pairs_hook=list)
    except json.JSONDecodeError as error:
        raise VectorFileError(path, f"expected JSON: {error.msg}", line=error.lineno) from None
    except RecursionError:
        raise VectorFileError(path, "expected JSON: too many levels") from None
    if not isinstance(pairs, list) or not all(isinstance(pair, tuple) for pair in pairs):
        raise VectorFileError(path, 'expected an object {"label": [numbers], ...}')
    return _table_of_pairs(path, pairs)


def _separated(delimiter: str) -> Callable[[Path], VectorTable]:
    def read(path: Path) -> VectorTable:
        with open(path, newline="", encoding="utf-8-sig") as file:
            rows = csv.reader(file, delimiter=delimiter)
            numbered = [(rows.line_num, row[0], row[1:]) for row in rows if row]
        if numbered and not any(map(is_number, numbered[0][2])):
            numbered = numbered[1:]  # column titles
        return _table_of_lines(path, numbered)

    return read


def _text(path: Path) -> VectorTable:
    lines = [(i, line) for i, line in enumerate(path.read_text("utf-8-sig").split("\n"), start=1) if line.strip()]
    if len(lines) > 1 and len(lines[0][1].split()) == 2 < len(lines[1][1].split()) and lines[0][1].split()[0].isdigit():
        lines = lines[1:]  # word2vec's line `words numbers`
    if all(map(_after_tab, (line for _, line in lines))):
        return _table_of_lines(path, [(i, line.partition("\t")[0].strip(), _after_tab(line)) for i, line in lines])
    split = [(i, line.split()) for i, line in lines]
    dim = _size_of_vectors([fields for _, fields in split])
    cut = [(i, " ".join(fields[: len(fields) - dim]), fields[len(fields) - dim :]) for i, fields in split]
    return _table_of_lines(path, cut)


def _after_tab(line: str) -> list[str]:
    """The numbers after the first tab; none where something else stands there."""
    fields = line.partition("\t")[2].split()
    return fields if all(map(is_number, fields)) else []


def _size_of_vectors(lines: Sequence[Sequence[str]]) -> int:
    """How many of the fields at the end of each line are its vector.

    A label may hold spaces, even end in a number: the line with the fewest numbers at its end says how many. Where all
    labels end in one (``class 1 0.25 0.5``), some would be called the same without it, and it is no decimal.
    """
    dim = min(map(trailing_numbers, lines), default=0)
    if dim < 2:
        return dim
    short, long = ([tuple(fields[: len(fields) - size]) for fields in lines] for size in (dim, dim - 1))
    decimals = any("." in number for fields in lines for number in fields[1 - dim :])
    counted = decimals and all(name[-1].isdigit() for name in long)
    return dim - 1 if counted and len(set(short)) < len(set(long)) == len(long) else dim


def _table_of_lines(path: Path, lines: Iterable[tuple[int, str, Sequence[str]]]) -> VectorTable:
    """A table from (line, name, numbers as text)."""
    pairs: list[tuple[str, list[float]]] = []
    for line, name, fields in lines:
        dim = len(pairs[0][1]) if pairs else len(fields)
        if len(fields) != dim or not dim or not all(map(is_number, fields)):
            expected = f"{dim} numbers" if dim else "numbers"
            found = _shown(name, fields) if pairs else "another line"  # not before the file shows that it is of vectors
            raise VectorFileError(path, f"expected a label and {expected}, found {found}", line=line)
        pairs.append((name, [float(field) for field in fields]))
    return _table_of_pairs(path, pairs)


def _shown(name: str, fields: Sequence[str]) -> str:
    wrong = next((field for field in fields if not is_number(field)), None)
    return f"`{name}` and {len(fields)} fields" + (f", of which `{wrong}` is no number" if wrong is not None else "")


def _table(path: Path, arrays: Mapping[str, NDArray[Any]]) -> VectorTable:
    return _table_of_pairs(path, arrays.items())


def _table_of_pairs(path: Path, pairs: Iterable[tuple[str, Any]]) -> VectorTable:
    vectors: dict[str, NDArray[np.float32]] = {}
    for name, values in pairs:
        under = f"for `{name}`" if vectors else "for the first name"  # the file may be no file of vectors
        try:
            vector = np.array(values, dtype=np.float32)
        except (ValueError, TypeError):
            raise VectorFileError(path, f"expected a list of numbers {under}") from None
        dim = next(iter(vectors.values()), vector).size
        if vector.shape != (dim,) or not dim:
            expected = f"{dim} numbers, as for the others" if vectors else "a list of numbers"
            raise VectorFileError(path, f"expected {expected}, found the shape {vector.shape} {under}")
        if name in vectors:
            raise VectorFileError(path, f"`{name}` has two vectors")
        if not np.isfinite(vector).all() or not vector.any():
            raise VectorFileError(path, f"expected finite numbers that are not all 0 for `{name}`")
        vectors[name] = vector
    if not vectors:
        raise VectorFileError(path, "expected a vector for each label, found none")
    return VectorTable(list(vectors), np.stack(list(vectors.values())))


READERS: dict[str, Callable[[Path], VectorTable]] = {
    ".npz": _npz,
    ".safetensors": _safetensors,
    ".json": _json,
    ".csv": _separated(","),
    ".tsv": _separated("\t"),
    ".txt": _text,
}
