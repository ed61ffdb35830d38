"""Pascal VOC's annotations: a folder of XML files, one for each picture."""

from __future__ import annotations

from pathlib import Path
from xml.etree import ElementTree

from compose.data.folders import entries_of
from compose.data.pictures.labels.label_file import RowWriter, label_name
from compose.data.source import SPLITS, DataError
from compose.errors import reason_of


def read_voc(folder: Path, rows: RowWriter) -> None:
    """Write a row for each file: the picture shows the names of its objects.

    Where ``../ImageSets/Main/train.txt`` and the like lie beside the folder, they name the pictures of each split.

    Args:
        folder: ``Annotations``.
        rows: where rows go.

    Raises:
        DataError: a folder inside holds annotations, too.
    """
    splits = {} if rows.fixed_split else _splits(folder.parent / "ImageSets" / "Main")
    if splits:
        rows.into.note(0, f"the splits are those of {folder.parent / 'ImageSets' / 'Main'}")
    for file in xml_files(folder):
        rows.into.files.append(file)
        if splits and file.stem not in splits:
            continue
        try:
            image, names = _annotation(file)
        except (ElementTree.ParseError, ValueError, OSError) as error:
            why = reason_of(error) if isinstance(error, OSError) else error
            rows.into.problem(0, f"expected an annotation as Pascal VOC's, got something else: {why}")
            continue
        rows.lists(0, image, names, [], rows.fixed_split or splits.get(file.stem, ""))


def xml_files(folder: Path) -> list[Path]:
    """The annotations of a folder.

    Raises:
        DataError: a folder inside holds some, too: VOC's name their pictures without a folder.
    """
    inside = entries_of(folder)
    for path in inside:
        if path.is_dir() and any(file.suffix.lower() == ".xml" for file in entries_of(path)):
            raise DataError(f"{folder}: expected Pascal VOC's annotations in one folder, got some in {path.name}/, too")
    return [file for file in inside if file.suffix.lower() == ".xml"]


def _splits(folder: Path) -> dict[str, str]:
    """The split of each picture, by its name without extension; none where they are not named."""
    found: dict[str, str] = {}
    for split in SPLITS:
        path = folder / f"{split}.txt"
        if path.is_file():
            for line in path.read_text("utf-8-sig").split("\n"):
                if line.strip():
                    found.setdefault(line.split()[0], split)
    return found


def _annotation(file: Path) -> tuple[str, list[str]]:
    """The picture of a file, and the names of its objects.

    Raises:
        ValueError: it is no annotation.
    """
    data = file.read_bytes()
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ValueError("it declares a document type")
    root = ElementTree.fromstring(data)
    if root.tag != "annotation":
        raise ValueError("its outermost element is no `annotation`")
    names = [label_name(found.findtext("name") or "") for found in root.iter("object")]
    if not all(names):
        raise ValueError("an object has no name")
    return (root.findtext("filename") or "").strip() or file.stem, names
