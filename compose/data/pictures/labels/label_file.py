"""Label files in the forms that people have: CSV with a column of labels or one for each label, and JSON lines.

Every line that cannot be used is a problem with its line number, and reading goes on.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from compose.data.pictures.annotations import ABSENT, PRESENT, UNLISTED, Annotations, Finding
from compose.data.quoted import short
from compose.data.source import DataError
from compose.data.text_file import MOST_TABLE, why_unread

IMAGE_KEYS = (
    *("image", "filename", "file_name", "file", "path", "image_path"),
    *("image_name", "image_file", "image_id", "imageid", "filepath", "file_path", "img_path", "image index"),
)
LIST_KEYS = ("labels", "tags", "classes", "categories", "finding labels")
ROW_KEYS = ("label", "label_name", "labelname", "class", "category")
"""Columns of a label, of which a picture may have several rows."""
LABEL_KEYS = (*LIST_KEYS, *ROW_KEYS)
SEPARATORS = ";|"
JSON_LINES = (".jsonl", ".ndjson", ".json")
SPLIT_NAMES = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation", "dev"), "val"),
    **dict.fromkeys(("test", "testing"), "test"),
}


@dataclass
class LabelReading:
    """How label files are to be read.

    Args:
        separator: the characters that separate labels in a cell; None for those that are usual.
        ignore: columns that are no labels.
        vocabulary: the labels; other columns are then none. None where any column may be a label.
        folder: where the pictures are; None where that is not known.

    Attributes:
        columns: those that the files have of which each may be a label.
    """

    separator: str | None = None
    ignore: Collection[str] = ()
    vocabulary: Collection[str] | None = None
    folder: Path | None = None
    columns: set[str] = field(default_factory=set)


def read_label_file(path: Path, into: Annotations, how: LabelReading, *, split: str = "") -> None:
    """Add the rows of a file.

    Args:
        path: a file or folder in one of the forms that are read; a text is CSV, or JSON if its name ends so.
        into: where rows and problems go.
        how: how it is to be read.
        split: the split of all rows; if empty, each row's own ``split``.

    Raises:
        DataError: nothing in the file can be used.
    """
    from compose.data.pictures.forms.form_of import form_of

    into.files.append(path)
    before = len(into), len(into.problems)
    rows = RowWriter(into, split)
    form = form_of(path)
    if form is not None:
        form(path, rows, how)
    else:
        _read_text(path, rows, how)
    if before == (len(into), len(into.problems)):
        raise DataError(f"{path}: expected pictures with their labels, got none")


def _read_text(path: Path, rows: RowWriter, how: LabelReading) -> None:
    from compose.data.pictures.labels.label_csv import read_csv
    from compose.data.pictures.labels.label_json import read_json

    text, spoilt = _text(path, rows.into)
    if path.suffix.lower() in JSON_LINES:
        read_json(path, text, spoilt, rows)
    else:
        read_csv(path, text, spoilt, rows, how)


def _text(path: Path, into: Annotations) -> tuple[str, set[int]]:
    """The text of a file, and the lines in it that are not UTF-8."""
    if why := why_unread(path, MOST_TABLE):
        raise DataError(f"{path}: expected pictures with their labels, but {why}")
    raw = path.read_bytes()
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        raise DataError(f"{path}: expected UTF-8, got UTF-16; save it as UTF-8 (in Excel: `CSV UTF-8`)")
    try:
        return raw.decode("utf-8-sig"), set()
    except UnicodeDecodeError:
        spoilt = set()
        for number, line in enumerate(raw.splitlines(), 1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError as error:
                spoilt.add(number)
                byte = f"the byte 0x{line[error.start]:02x} in column {len(line[: error.start].decode()) + 1}"
                into.problems.append(Finding(f"expected UTF-8, got {byte}; save the file as UTF-8", path, number))
        return raw.decode("utf-8-sig", errors="replace"), spoilt


def label_name(text: str) -> str:
    """A label without spaces around it, in one Unicode form."""
    return unicodedata.normalize("NFC", text.strip())


class RowWriter:
    """Checks what all forms of row have in common, and adds it.

    Args:
        into: where rows and problems go.
        split: the split of all rows; if empty, each row's own.
    """

    def __init__(self, into: Annotations, split: str) -> None:
        self.into, self.fixed_split = into, split

    def split(self, line: int, text: Any) -> str | None:
        """The split of a row, empty where it names none; None, and a problem, where it names one that is none."""
        if self.fixed_split or text is None:
            return self.fixed_split
        split = SPLIT_NAMES.get(str(text).strip().lower())
        if split is None:
            self.into.problem(line, f"expected a split (train, val or test), got `{short(str(text))}`")
        return split

    def lists(self, line: int, image: str, present: Sequence[str], absent: Sequence[str], split: str) -> None:
        """Add a row that lists labels."""
        both = sorted(set(present) & set(absent))
        if both:
            self.into.problem(line, f"both present and absent: {', '.join(both)}")
            return
        listed = [
            *dict.fromkeys((name, PRESENT) for name in present),
            *dict.fromkeys((name, ABSENT) for name in absent),
        ]
        numbers = [self.into.number(name, line) for name, _ in listed]
        self.into.add(image, numbers, [value for _, value in listed], rest=UNLISTED, split=split, line=line)
