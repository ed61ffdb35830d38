"""The forms of files of boxes in CSV, told by their first line."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TextIO

from compose.data.pictures.label_file import IMAGE_KEYS, LABEL_KEYS
from compose.data.source import DataError


@dataclass(frozen=True)
class BoxForm:
    """A form of file.

    Args:
        image: what the column of the pictures may be called.
        label: what the column of the labels may be called.
        sides: the columns of left, top, right and bottom.
        relative: whether coordinates are shares of the picture's width and height; else they are pixels.
        slack: how far a box may reach out of the picture, as rounded coordinates do.
    """

    image: tuple[str, ...]
    label: tuple[str, ...]
    sides: tuple[str, str, str, str]
    relative: bool
    slack: float

    def columns(self, header: list[str]) -> list[int | None]:
        """Where picture, label and sides stand; None for what is missing."""
        lower = [name.lower() for name in header]
        wanted = (self.image, self.label, *((side,) for side in self.sides))
        return [next((i for i, name in enumerate(lower) if name in map(str.lower, names)), None) for names in wanted]

    @property
    def names(self) -> list[str]:
        """What its columns are called."""
        return [self.image[0], self.label[0], *self.sides]


OPEN_IMAGES = BoxForm(("ImageID",), ("LabelName",), ("XMin", "YMin", "XMax", "YMax"), relative=True, slack=1e-3)
PLAIN = BoxForm(IMAGE_KEYS, ("label", *LABEL_KEYS), ("left", "top", "right", "bottom"), relative=False, slack=1.0)


@dataclass(frozen=True)
class BoxHeader:
    """The first line of a file.

    Args:
        form: the form of file.
        delimiter: what stands between cells.
        width: cells in a row.
        columns: those of picture, label, left, top, right and bottom.
    """

    form: BoxForm
    delimiter: str
    width: int
    columns: tuple[int, ...]


def read_box_header(path: Path) -> BoxHeader:
    """The first line of a file.

    Raises:
        DataError: it names no columns of pictures, labels and sides. A file that cannot be read raises OSError.
    """
    with path.open("rb") as raw:
        if raw.read(2) in (b"\xff\xfe", b"\xfe\xff"):
            raise DataError(f"{path}: expected UTF-8, got UTF-16; save it as UTF-8 (in Excel: `CSV UTF-8`)")
    with open_boxes(path) as file:
        first = next((line for line in file if line.strip()), "").strip("\r\n")
    least: tuple[int, str] | None = None
    for delimiter in ",;\t":
        header = [name.strip(' "') for name in first.split(delimiter)]
        for form in (OPEN_IMAGES, PLAIN):
            columns = form.columns(header)
            found = tuple(column for column in columns if column is not None)
            if len(found) == len(columns):
                return BoxHeader(form, delimiter, len(header), found)
            missing = [name for name, column in zip(form.names, columns, strict=True) if column is None]
            if least is None or len(missing) < least[0]:
                least = len(missing), f"; {', '.join(missing)} missing" if found else ""
    assert least is not None
    forms = " or ".join(", ".join(form.names) for form in (OPEN_IMAGES, PLAIN))
    raise DataError(f"{path}:1: expected the columns {forms}, got {first[:200] or 'nothing'}{least[1]}")


def open_boxes(path: Path) -> TextIO:
    """A file in UTF-8; bytes that are not become surrogates, so that reading goes on."""
    return path.open(encoding="utf-8-sig", errors="surrogateescape", newline="")
