"""Lists of labels as users write them, and the label table made from them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from pathlib import Path

from compose.block import BlockError
from compose.data.pictures.annotations import Annotations, Finding
from compose.data.pictures.labels.label_file import label_name
from compose.data.source import LabelTable
from compose.data.text_file import MOST_LIST, why_unread
from compose.errors import nearest


def read_label_list(given: Sequence[str] | Path, *, parameter: str) -> dict[str, str | None]:
    """Names and their synsets, in order.

    Args:
        given: entries, or a text file with one a line: ``name``, or ``name``, a tab and a WordNet synset.
        parameter: whose value this is.

    Raises:
        BlockError: the file cannot be read, or a name occurs twice.
    """
    lines: dict[str, int] = {}
    found: dict[str, str | None] = {}
    for line, entry in enumerate(_entries(given, parameter) if isinstance(given, Path) else given, 1):
        text, _, synset = entry.partition("\t")
        name = label_name(text)
        if name in lines:
            again = f"{given}:{line}: the label of line {lines[name]} again" if isinstance(given, Path) else ""
            raise BlockError(again or f"`{name}` occurs twice", parameter=parameter)
        if name:
            lines[name], found[name] = line, synset.strip() or None
    return found


def check_listed(
    given: Sequence[str] | Path, names: Collection[str], known: Collection[str], *, parameter: str, whole: bool
) -> None:
    """Refuse a file that is no list of the data's labels, which other messages would quote.

    Args:
        given: the file; entries of the spec itself may be quoted.
        names: what it lists.
        known: the labels of the data.
        parameter: whose value it is.
        whole: whether it should list all labels of the data, or only some.

    Raises:
        BlockError: most of what it lists are no labels of the data; with ``whole``, most of those are not in it.
    """
    if not isinstance(given, Path):
        return
    shared, asked = len(set(names) & set(known)), len(known if whole else names)
    if 2 * shared >= asked:
        return
    where = f"of the {len(known):,} labels of the data, {given} lists {shared:,}"
    told = where if whole else f"of the {len(names):,} lines of {given}, {shared:,} are labels of the data"
    raise BlockError(f"{told}; expected a list of the data's labels, one a line", parameter=parameter)


def _entries(path: Path, parameter: str) -> list[str]:
    expected = f"expected a text file with a label on each line: {path}"
    try:
        file = path.expanduser()
        if why := why_unread(file, MOST_LIST):
            raise BlockError(f"{expected}: {why}", parameter=parameter)
        return file.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise BlockError(f"{expected}: {error}", parameter=parameter) from None


def label_table(
    found: Iterable[str], *, vocabulary: Mapping[str, str | None] | None, unseen: Mapping[str, str | None]
) -> LabelTable:
    """The table of all labels.

    Args:
        found: the labels that occur in the label files.
        vocabulary: all labels in order, with synsets; if None they are those found, in alphabetical order.
        unseen: the labels that are not trained on; a synset given here holds.

    Raises:
        BlockError: an unseen label is none of the labels, or none is seen.
    """
    names = tuple(sorted(found) if vocabulary is None else vocabulary)
    strangers = [name for name in unseen if name not in set(names)]
    if strangers:
        listed = "; ".join(f"`{name}`{meant(name, names)}" for name in strangers)
        raise BlockError(f"no such label among the {len(names):,} of the data: {listed}", parameter="unseen")
    if not set(names) - set(unseen):
        message = "expected labels to train on, but all are unseen" if names else "the label files name no label"
        raise BlockError(message, parameter="unseen" if names else None)
    synsets = {**(vocabulary or {}), **{name: synset for name, synset in unseen.items() if synset}}
    return LabelTable(names, tuple(name not in unseen for name in names), tuple(synsets.get(name) for name in names))


def strange_labels(annotations: Annotations, table: LabelTable) -> list[Finding]:
    """The labels of the files that are not in the table, each where it is mentioned first."""
    known = set(table.names)
    found = []
    for name, number in annotations.names.items():
        if name not in known:
            file, line = annotations.mentions[number]
            message = f"`{name}` is not in the vocabulary{meant(name, table.names)}"
            found.append(Finding(message, annotations.files[file], line))
    return found


def meant(name: str, names: Sequence[str]) -> str:
    """The label that was probably meant, as the end of a message."""
    close = nearest(name, names)
    return f" (did you mean `{close}`?)" if close else ""
