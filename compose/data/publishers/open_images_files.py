"""Open Images' files: tens of millions of rows, read in a stream."""

from __future__ import annotations

import csv
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from compose.data.pictures.annotations import ABSENT, PRESENT
from compose.data.publishers.column_cache import Columns
from compose.data.source import DataError

BLOCK = 16 << 20
DIGITS = 16
"""Hexadecimal digits of a picture's id."""
SIDES = ("XMin", "YMin", "XMax", "YMax")
_VALUES = np.full(256, 255, np.uint8)
_VALUES[np.frombuffer(b"0123456789abcdef", np.uint8)] = np.arange(16)
_HEX = np.frombuffer(b"0123456789abcdef", np.uint8)


class VerifiedLabels(NamedTuple):
    """The labels of a split's pictures.

    Args:
        ids: the pictures, ascending.
        starts: where each picture's labels start: ``n+1``.
        numbers: the labels.
        values: 1 = present, -1 = absent.
    """

    ids: NDArray[np.uint64]
    starts: NDArray[np.int64]
    numbers: NDArray[np.int32]
    values: NDArray[np.int8]


def read_open_images(labels: Mapping[str, tuple[Path, str]], classes: Sequence[str]) -> Columns:
    """Which labels each picture has.

    Args:
        labels: of each split the file of its labels, and the folder of its pictures.
        classes: the machine ids of all labels, in the order of their numbers.

    Raises:
        DataError: a file is cut off, or holds something else.
    """
    parts = {split: read_label_rows(path, classes) for split, (path, _) in labels.items()}
    images = [image_names(part.ids, folder) for part, (_, folder) in zip(parts.values(), labels.values(), strict=True)]
    ends = np.cumsum([0, *(len(part.ids) for part in parts.values())])
    entries = np.cumsum([0, *(len(part.numbers) for part in parts.values())])
    starts = [part.starts[:-1] + before for part, before in zip(parts.values(), entries, strict=False)]
    return {
        "images": np.concatenate(images),
        "ids": np.concatenate([part.ids for part in parts.values()]),
        "starts": np.concatenate([*starts, entries[-1:]]).astype(np.int64),
        "numbers": np.concatenate([part.numbers for part in parts.values()]),
        "values": np.concatenate([part.values for part in parts.values()]),
        **{split: np.arange(ends[place], ends[place + 1]) for place, split in enumerate(parts)},
    }


def read_label_rows(path: Path, classes: Sequence[str]) -> VerifiedLabels:
    """The rows ``ImageID,Source,LabelName,Confidence`` of a file, put together by picture.

    A label that is there twice for a picture is present where one of the rows says so.
    """
    ids, numbers, values = [], [], []
    for table in _tables(path, {"ImageID": "string", "LabelName": "string", "Confidence": "float32"}):
        ids.append(_ids(path, table["ImageID"]))
        numbers.append(_numbers(path, table["LabelName"], classes))
        values.append(_present(path, table["Confidence"]))
    return _by_picture(_joined(ids, np.uint64), _joined(numbers, np.int32), _joined(values, np.int8), len(classes))


def _by_picture(
    ids: NDArray[np.uint64], numbers: NDArray[np.int32], values: NDArray[np.int8], width: int
) -> VerifiedLabels:
    pictures, row = np.unique(ids, return_inverse=True)
    del ids
    key = row.astype(np.int64) * width + numbers
    del row
    order = np.lexsort((-values, key))
    key, values = key[order], values[order]
    first = np.ones(len(key), bool)
    first[1:] = key[1:] != key[:-1]
    key, values = key[first], values[first]
    starts = np.searchsorted(key, np.arange(len(pictures) + 1) * width)
    return VerifiedLabels(pictures, starts.astype(np.int64), (key % width).astype(np.int32), values)


def read_box_rows(path: Path, classes: Sequence[str]) -> Columns:
    """The boxes of a file: for each row the picture's id, the label, and left, top, right and bottom from 0 to 1."""
    ids, numbers, sides = [], [], []
    kinds = {"ImageID": "string", "LabelName": "string", **dict.fromkeys(SIDES, "float32")}
    for table in _tables(path, kinds):
        ids.append(_ids(path, table["ImageID"]))
        numbers.append(_numbers(path, table["LabelName"], classes))
        sides.append(np.stack([table[side].to_numpy(zero_copy_only=False) for side in SIDES], axis=1))
    found = np.concatenate(sides) if sides else np.zeros((0, 4), np.float32)
    return {"ids": _joined(ids, np.uint64), "numbers": _joined(numbers, np.int32), "sides": found}


def read_descriptions(path: Path) -> dict[str, str]:
    """What the machine ids are called: rows such as ``/m/01yrx,Cat``.

    Raises:
        DataError: a row is no such row.
    """
    found: dict[str, str] = {}
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, cells in enumerate(csv.reader(file), 1):
            if len(cells) < 2 or not cells[0].startswith("/"):
                if line == 1 and cells[:1] == ["LabelName"]:
                    continue
                expected = "a machine id and a name, such as /m/01yrx,Cat"
                raise DataError(f"{path}:{line}: expected {expected}; the file may be cut off")
            found[cells[0]] = cells[1]
    return found


def image_names(ids: NDArray[np.uint64], folder: str) -> NDArray[np.bytes_]:
    """Where pictures lie: ``train/0a1b...jpg``, as bytes."""
    head, tail = folder.encode() + b"/", b".jpg"
    names = np.empty((len(ids), len(head) + DIGITS + len(tail)), np.uint8)
    names[:, : len(head)] = np.frombuffer(head, np.uint8)
    for place in range(DIGITS):
        shift = np.uint64(4 * (DIGITS - 1 - place))
        names[:, len(head) + place] = _HEX[((ids >> shift) & np.uint64(15)).astype(np.uint8)]
    names[:, len(head) + DIGITS :] = np.frombuffer(tail, np.uint8)
    return names.reshape(-1).view(f"S{names.shape[1]}")


def _joined(parts: list[Any], kind: Any) -> Any:
    return np.concatenate(parts) if parts else np.zeros(0, kind)


def _tables(path: Path, kinds: Mapping[str, str]) -> Iterator[Any]:
    """The columns of a file, block after block.

    Raises:
        DataError: pyarrow is not there; the file lacks a column, or has a row that cannot be read.
    """
    try:
        import pyarrow as pa
        from pyarrow import csv as arrow_csv
    except ImportError:
        raise DataError("reading Open Images needs pyarrow: pip install 'torchcompose[data]'") from None
    convert = arrow_csv.ConvertOptions(
        include_columns=list(kinds), column_types={name: getattr(pa, kind)() for name, kind in kinds.items()}
    )
    try:
        reader = arrow_csv.open_csv(path, read_options=arrow_csv.ReadOptions(block_size=BLOCK), convert_options=convert)
        for batch in reader:
            if sum(column.null_count for column in batch.columns):
                raise DataError(f"{path}: a row is not complete; the file may be cut off")
            yield {name: batch.column(place) for place, name in enumerate(kinds)}
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        raise DataError(f"{path}: {_short(error)}; the file may be cut off, or is another one") from None


def _short(error: Exception) -> str:
    """The first line of an error, of which it tells no more than the form."""
    return str(error).splitlines()[0][:160]


def _ids(path: Path, column: Any) -> NDArray[np.uint64]:
    """Ids of 16 hexadecimal digits as numbers.

    Raises:
        DataError: some are none.
    """
    offsets = np.frombuffer(column.buffers()[1], np.int32)[column.offset : column.offset + len(column) + 1]
    if (np.diff(offsets) != DIGITS).any():
        raise DataError(f"{path}: expected ids of pictures of {DIGITS} hexadecimal digits; the file may be cut off")
    text = np.frombuffer(column.buffers()[2], np.uint8)[offsets[0] : offsets[-1]] if len(column) else _HEX[:0]
    digits = _VALUES[text].reshape(-1, DIGITS)
    if (digits == 255).any():
        raise DataError(f"{path}: expected ids of pictures of {DIGITS} hexadecimal digits")
    found = np.zeros(len(digits), np.uint64)
    for place in range(DIGITS):
        found = (found << np.uint64(4)) | digits[:, place].astype(np.uint64)
    return found


def _numbers(path: Path, column: Any, classes: Sequence[str]) -> NDArray[np.int32]:
    """The numbers of labels.

    Raises:
        DataError: one is not among the classes.
    """
    import pyarrow as pa
    from pyarrow import compute

    found = compute.index_in(column, value_set=pa.array(list(classes), pa.string()))
    if found.null_count:
        place = found.is_null().to_numpy(zero_copy_only=False).argmax()
        stranger = column[int(place)].as_py()[:40]
        raise DataError(f"{path}: the label `{stranger}` is not among the class descriptions")
    return found.to_numpy(zero_copy_only=False).astype(np.int32)  # type: ignore[no-any-return]


def _present(path: Path, column: Any) -> NDArray[np.int8]:
    """1 for a confidence of 1, -1 for one of 0.

    Raises:
        DataError: there are others.
    """
    confidence = column.to_numpy(zero_copy_only=False)
    if not np.isin(confidence, (0, 1)).all():
        expected = "labels that people verified, with a confidence of 1 or 0"
        raise DataError(f"{path}: expected {expected}, got other confidences, as machines give them")
    return np.where(confidence == 1, PRESENT, ABSENT).astype(np.int8)
