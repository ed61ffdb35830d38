"""The data source ``imagenet_classes``: the classes of a network trained on ImageNet, without pictures."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files
from pathlib import Path
from typing import Annotated, NoReturn

from pydantic import Field

from compose.block import BlockError, data
from compose.data.classes.wordnet_classes import WORDNET_ID, class_names
from compose.data.source import DataError, DataSource, LabelTable, Split
from compose.data.text_file import json_of
from compose.graphs.taxonomy.taxonomy import load_taxonomy

EMBEDDED = "imagenet_classes.txt"
IMAGENET_1K = 1000
SHOWN = 10


@data(name="imagenet_classes")
class ImageNetClasses(DataSource):
    """The classes of a network trained on ImageNet, in the order of its outputs, as external nodes of a label graph.

    A class is named by the first word of its WordNet synset, or by the synset where two classes share that word
    (`crane.n.04` the machine, `crane.n.05` the bird). There are no pictures: nothing can be trained on this source.

    Args:
        classes: a text file with a WordNet id such as n01440764 at the start of each line, or a JSON list of them;
            where not given, ImageNet-1k's classes in their usual order.
        count: how many outputs the network has.
    """

    def __init__(self, *, classes: Path | None = None, count: Annotated[int, Field(ge=1)] = IMAGENET_1K) -> None:
        if classes is None and count != IMAGENET_1K:
            message = f"expected {IMAGENET_1K:,} for ImageNet-1k's classes, got {count:,}; list others in `classes`"
            raise BlockError(message, parameter="count")
        ids = _embedded() if classes is None else read_classes(classes, count=count)
        self._labels = LabelTable(class_names(load_taxonomy(), ids), (True,) * len(ids), tuple(ids))

    @property
    def labels(self) -> LabelTable:
        """The classes in the order of the network's outputs, with their WordNet ids; all are seen."""
        return self._labels

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """None: there are no pictures."""
        return {}

    def split(self, name: Split) -> NoReturn:
        """Raises DataError: there are no pictures."""
        raise DataError(f"expected pictures for `{name}`, but `imagenet_classes` only names a network's classes")


def read_classes(path: Path, *, count: int) -> list[str]:
    """The WordNet ids in a file, in order.

    Args:
        path: a text file with an id at the start of each line, or a JSON list of ids.
        count: how many there must be.

    Raises:
        BlockError: the file cannot be read, or has other ids than it should; all that is wrong is listed.
    """
    entries = _entries(path)
    if not entries:
        raise BlockError(f"{path}: expected WordNet ids, but there are none", parameter="classes")
    if not any(WORDNET_ID.fullmatch(entry) for _, entry in entries):
        message = f"{path}: expected WordNet ids, such as n01440764, but no entry is one"
        raise BlockError(message, parameter="classes")
    wrong = _wrong(entries)
    if wrong:
        more = f"\n  ... and {len(wrong) - SHOWN:,} more" if len(wrong) > SHOWN else ""
        message = f"{path}: expected different WordNet ids of nouns, such as n01440764:\n  "
        raise BlockError(message + "\n  ".join(wrong[:SHOWN]) + more, parameter="classes")
    if len(entries) != count:
        message = f"{path}: expected {count:,} classes (`count`, the network's outputs), got {len(entries):,}"
        raise BlockError(message, parameter="classes")
    return [wordnet_id for _, wordnet_id in entries]


def _embedded() -> list[str]:
    return files("compose.data.classes").joinpath(EMBEDDED).read_text("utf-8").split()


def _entries(path: Path) -> list[tuple[str, str]]:
    """Where each id stands, and the id."""
    try:
        text = path.expanduser().read_text("utf-8-sig")
    except UnicodeDecodeError:
        raise BlockError(f"{path}: cannot be read (it is not UTF-8)", parameter="classes") from None
    except OSError as error:
        raise BlockError(f"{path}: cannot be read ({error.strerror})", parameter="classes") from None
    if path.suffix.lower() != ".json":
        lines = enumerate(text.splitlines(), 1)
        return [(f"line {number}", line.split()[0].rstrip(",;:")) for number, line in lines if line.strip()]
    return [(f"entry {number}", entry) for number, entry in enumerate(_json_list(path, text), 1)]


def _json_list(path: Path, text: str) -> list[str]:
    try:
        listed = json_of(text)
    except json.JSONDecodeError as error:
        message = f"{path}:{error.lineno}: expected a JSON list of WordNet ids ({error.msg})"
        raise BlockError(message, parameter="classes") from None
    if not isinstance(listed, list) or not all(isinstance(entry, str) for entry in listed):
        raise BlockError(f'{path}: expected a JSON list of WordNet ids, ["n01440764", ...]', parameter="classes")
    return listed


def _wrong(entries: Sequence[tuple[str, str]]) -> list[str]:
    """A line for each entry that is no noun's id, or was there before."""
    taxonomy = load_taxonomy()
    first: dict[str, str] = {}
    found = []
    for where, entry in entries:
        if not WORDNET_ID.fullmatch(entry):
            found.append(f"{where}: `{entry[:40]}` is no WordNet id")
        elif taxonomy.from_wordnet_id(entry) is None:
            found.append(f"{where}: no noun of WordNet {taxonomy.version} has the id {entry}")
        elif entry in first:
            found.append(f"{where}: {entry} occurs twice, first in {first[entry]}")
        first.setdefault(entry, where)
    return found
