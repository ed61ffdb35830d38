"""YOLO's labels: a folder of text files, one for each picture, with a class's number and a box on each line."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import yaml

from compose.data.folders import entries_of
from compose.data.pictures.labels.label_file import SPLIT_NAMES, RowWriter, label_name
from compose.data.source import DataError
from compose.errors import listed

NAME_FILES = ("data.yaml", "dataset.yaml", "classes.txt", "obj.names")
"""Files with the names of the classes, in the folder of labels or in one of the three above."""


def read_yolo(folder: Path, rows: RowWriter, *, pictures: Path | None) -> None:
    """Write a row for each text file: its picture, of the same name, shows the classes of its lines.

    Where a folder ``labels`` on the way has one called ``images`` beside it, the pictures are in that, in the same
    folders. Folders called train, val and test are splits.

    Args:
        folder: that of the labels.
        rows: where rows go.
        pictures: the folder that pictures are named relative to; None for that of the labels.

    Raises:
        DataError: no file tells the names of the classes.
    """
    names = class_names_near(folder)
    for name in names.values():
        rows.into.number(name, 0)
    there = _images_beside(folder)
    for file in text_files(folder):
        inside = file.relative_to(folder).with_suffix("")
        image = inside.as_posix() if there is None else os.path.relpath(there / inside, pictures or folder)
        split = next((SPLIT_NAMES[part.lower()] for part in file.parts[::-1] if part.lower() in SPLIT_NAMES), "")
        rows.into.files.append(file)
        _row(file, image, names, rows, rows.fixed_split or split)


def class_names_near(folder: Path) -> dict[int, str]:
    """The names of the classes by their numbers, from the file that lies nearest.

    Raises:
        DataError: there is none, or it has no names.
    """
    for above in (folder, *list(folder.resolve().parents)[:3]):
        for name in NAME_FILES:
            path = above / name
            if path.is_file():
                return _names(path)
    wanted = ", ".join(NAME_FILES)
    raise DataError(f"{folder}: expected the names of the classes in one of {wanted}, there or in a folder above")


def _names(path: Path) -> dict[int, str]:
    text = path.read_text("utf-8-sig")
    if path.suffix != ".yaml":
        lines = [line.strip() for line in text.splitlines()]
        return {number: label_name(line) for number, line in enumerate(lines) if line}
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as error:
        raise DataError(f"{path}: not YAML: {str(error).splitlines()[0]}") from None
    names = found.get("names") if isinstance(found, dict) else None
    if isinstance(names, list):
        names = dict(enumerate(names))
    if not isinstance(names, dict) or not all(isinstance(number, int) for number in names):
        raise DataError(f"{path}: expected `names`, a list of the classes or their numbers with their names")
    return {number: label_name(str(name)) for number, name in names.items()}


def _images_beside(folder: Path) -> Path | None:
    """The folder of the pictures: that of the labels with ``images`` in place of the last ``labels``."""
    parts = list(folder.resolve().parts)
    for place in range(len(parts) - 1, 0, -1):
        if parts[place] == "labels":
            there = Path(*parts[:place], "images", *parts[place + 1 :])
            return there if there.is_dir() else None
    return None


def text_files(folder: Path) -> Iterator[Path]:
    """The files of labels in a folder and below it."""
    for path in entries_of(folder):
        if path.is_dir():
            yield from text_files(path)
        elif path.suffix.lower() == ".txt" and path.name not in NAME_FILES:
            yield path


def _row(file: Path, image: str, names: dict[int, str], rows: RowWriter, split: str) -> None:
    shown = []
    for line, text in enumerate(file.read_text("utf-8-sig", errors="replace").splitlines(), 1):
        cells = text.split()
        if not cells:
            continue
        number = int(cells[0]) if cells[0].isdecimal() and len(cells[0]) < 7 else -1
        if number not in names:
            there = listed([f"{known} {name}" for known, name in names.items()])
            got = f"`{number}`" if number >= 0 else "no number"
            rows.into.problem(line, f"expected the number of a class ({there}), got {got}")
            return
        shown.append(names[number])
    rows.lists(0, image, shown, [], split)
