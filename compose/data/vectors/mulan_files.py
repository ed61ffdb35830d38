"""Mulan's files: tables in ARFF, an XML file that says which attributes are labels, and the names of these."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple
from xml.etree import ElementTree

from compose.block import BlockError
from compose.data.folders import entries_of
from compose.data.label_list import meant
from compose.data.source import DataError
from compose.data.vectors.arff import Attribute, Header, read_header
from compose.errors import listed

_ZERO_ONE = {"0", "1"}
_DAMAGED = re.compile(r"(?=.*\w).*[?\\\ufffd]")
"""A letter beside what stands for another one that a program could not write: `dise?o`."""


@dataclass(frozen=True)
class MulanFiles:
    """The files of a data set: the tables' headers, and the labels.

    Args:
        train: the training file, or the only one.
        test: the test file, if there is one.
        labels: the names of the labels, in the order of the XML file.
    """

    train: Header
    test: Header | None
    labels: tuple[str, ...]


def open_mulan(folder: Path | None, *, train: Path | None, test: Path | None, labels: Path | None) -> MulanFiles:
    """Find the files and read what stands above the rows.

    Args:
        folder: where they are.
        train: the training file; where not given, the folder's `*train.arff`, or its only ARFF file.
        test: the test file; where not given, the folder's `*test.arff`, if any.
        labels: the XML file; where not given, the folder's.

    Raises:
        BlockError: a file is missing, cannot be read, or does not suit the others.
    """
    if folder is None:
        absent = [name for name, path in (("train", train), ("labels", labels)) if path is None]
        if absent:
            raise BlockError(f"expected `folder`, or `{absent[0]}` as well", parameter=absent[0])
    else:
        train, test, labels = _found(Path(folder).expanduser(), train, test, labels)
    assert train is not None
    assert labels is not None
    header = _header(train, "train")
    tested = None if test is None else _like(_header(test, "test"), header)
    names = _labels(Path(labels).expanduser(), header)
    return MulanFiles(_binary(header, names), tested and _binary(tested, names), names)


def _found(folder: Path, train: Path | None, test: Path | None, labels: Path | None) -> tuple[Path, Path | None, Path]:
    if not folder.is_dir():
        raise BlockError(f"there is no folder {folder}", parameter="folder")
    files = entries_of(folder)
    tables = [path for path in files if path.suffix.lower() == ".arff"]
    parts = {part: [path for path in tables if path.stem.lower().endswith(part)] for part in ("train", "test")}
    if test is None and train is None and parts["test"]:
        test = _only(parts["test"], "`*test.arff`", folder)
    train = train or _only(parts["train"] or tables, "`*train.arff`, or one ARFF file,", folder)
    labels = labels or _only(
        [path for path in files if path.suffix.lower() == ".xml"], "one XML file of labels", folder
    )
    return train, None if test == train else test, labels


def _only(paths: list[Path], what: str, folder: Path) -> Path:
    if len(paths) != 1:
        got = ", ".join(path.name for path in paths) or "none"
        raise BlockError(f"expected {what} in {folder}, got {got}", parameter="folder")
    return paths[0]


def _header(path: Path, parameter: str) -> Header:
    try:
        return read_header(Path(path).expanduser())
    except DataError as error:
        raise BlockError(str(error), parameter=parameter) from None


def _like(test: Header, train: Header) -> Header:
    """The test file's header, if it has the attributes of the training file, in whatever order."""
    here, there = (dict(zip(header.names, header.attributes, strict=True)) for header in (test, train))
    wrong = [name for name in {**here, **there} if not _agree(here.get(name), there.get(name))]
    if wrong:
        message = f"expected the attributes of {train.path.name} in {test.path}, but these differ: {quoted(wrong)}"
        raise BlockError(message, parameter="test")
    return test


def _agree(one: Attribute | None, other: Attribute | None) -> bool:
    """Whether two attributes mean the same; numbers may be declared in another order."""
    if one is None or other is None or one.textual or other.textual:
        return one == other
    return (set(one.values), one.of_words) == (set(other.values), other.of_words)


def _labels(path: Path, header: Header) -> tuple[str, ...]:
    """The labels that an XML file names; they are attributes of 0 and 1.

    Raises:
        BlockError: they are not, or the file cannot be read.
    """
    try:
        tags = ElementTree.parse(path).iter()
    except OSError as error:
        raise BlockError(f"{path}: expected an XML file of labels ({error.strerror})", parameter="labels") from None
    except ElementTree.ParseError as error:
        raise BlockError(f"{path}: expected an XML file of labels ({error})", parameter="labels") from None
    names = [tag.get("name", "") for tag in tags if tag.tag.rpartition("}")[2] == "label"]
    problem = _wrong(names, {attribute.name: attribute for attribute in header.attributes}, header)
    if problem:
        raise BlockError(f"{path}: {problem}", parameter="labels")
    return tuple(names)


def _wrong(names: list[str], attributes: dict[str, Attribute], header: Header) -> str:
    strangers = [name for name in names if name not in attributes]
    others = [name for name in names if name in attributes and not _is_label(attributes[name])]
    if not names:
        return 'expected `<label name="...">`, but there is none'
    if len(set(names)) < len(names):
        return f"the label `{next(name for name in names if names.count(name) > 1)}` is named twice"
    if strangers:
        found = listed(strangers, show=lambda name: f"`{name}`{meant(name, list(attributes))}", between="; ")
        return f"no such attribute in {header.path.name}: {found}"
    if others:
        return f"expected labels of the values {{0,1}} in {header.path.name}, but others have {quoted(others)}"
    features = [each for each in attributes.values() if each.name not in set(names)]
    if not features:
        return f"expected features in {header.path.name}, but there are only labels"
    if all(each.of_words for each in features):
        return f"expected features that are numbers in {header.path.name}, but there are only words"
    return ""


def _binary(header: Header, labels: tuple[str, ...]) -> Header:
    """The header with labels of the values 0 and 1 only, also where the file calls them numeric; what a sparse row
    leaves out is the first."""
    named = set(labels)
    attributes = [
        Attribute(each.name, each.values or ("0", "1")) if each.name in named else each for each in header.attributes
    ]
    return replace(header, attributes=tuple(attributes))


def _is_label(attribute: Attribute) -> bool:
    return not attribute.of_words and (not attribute.values or set(attribute.values) == _ZERO_ONE)


def quoted(names: Sequence[str]) -> str:
    """The first names, and how many more there are."""
    return listed(names, show="`{}`".format)


class LabelNames(NamedTuple):
    """Labels by their names.

    Args:
        names: what they are called, in the order of the file.
        others: what else they may be called: their names in the file, with a prefix or without -> their names.
    """

    names: tuple[str, ...]
    others: dict[str, str]


def label_names(written: Sequence[str], *, prefix: str, rename: Mapping[str, str]) -> LabelNames:
    """The labels' names without their prefix, and with damaged ones mended.

    Args:
        written: the names in the file.
        prefix: what is cut from their starts.
        rename: labels that are called otherwise, by their names with or without the prefix.

    Raises:
        BlockError: a label is not there, or two are called the same.
    """
    short = [name.removeprefix(prefix) or name for name in written]
    known = {*written, *short}
    strangers = [f"`{name}`{meant(name, short)}" for name in rename if name not in known]
    if strangers:
        raise BlockError(f"no such label among {len(written):,}: {'; '.join(strangers)}", parameter="rename")
    names = [rename.get(name) or rename.get(cut, cut) for name, cut in zip(written, short, strict=True)]
    twice = [name for name in dict.fromkeys(names) if names.count(name) > 1]
    if twice:
        parameter = "rename" if len(set(short)) == len(short) else "prefix"
        raise BlockError(f"two labels would be called `{twice[0]}`", parameter=parameter)
    others = {**dict(zip(short, names, strict=True)), **dict(zip(written, names, strict=True))}
    return LabelNames(tuple(names), others)


def damaged(names: Sequence[str]) -> list[str]:
    """The names that a program has spoilt, as it seems."""
    return [name for name in names if _DAMAGED.match(name)]


def is_punctuation(name: str) -> bool:
    """Whether a name has neither letter nor digit."""
    return not any(char.isalnum() for char in name)
