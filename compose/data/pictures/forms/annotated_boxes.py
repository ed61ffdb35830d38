"""The boxes of annotations: in COCO's and LVIS's JSON, Pascal VOC's folder of XML, and YOLO's folder of text files."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from compose.data.folders import entries_of
from compose.data.json_items import items_of, read_object_text, value_of
from compose.data.pictures.box_csv import OPEN_IMAGES, PLAIN, BoxRows
from compose.data.pictures.forms.instances_json import file_name
from compose.data.pictures.forms.voc_xml import xml_files
from compose.data.pictures.forms.yolo_text import class_names_near, text_files
from compose.data.source import DataError

_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def annotated_boxes(path: Path) -> Callable[[], BoxRows] | None:
    """What reads the boxes of annotations; None of a file of another form.

    Raises:
        DataError: a folder of neither XML nor text files.
    """
    if path.is_dir():
        suffixes = {file.suffix.lower() for file in entries_of(path)}
        if ".xml" in suffixes:
            return lambda: _of_voc(path)
        if any(True for _ in text_files(path)):
            return lambda: _of_yolo(path)
        raise DataError(f"{path}: expected boxes: a file, or a folder of Pascal VOC's XML or of YOLO's text files")
    return (lambda: _of_instances(path)) if path.suffix.lower() == ".json" else None


def _of_instances(path: Path) -> BoxRows:
    text, rows = read_object_text(path), BoxRows(path, PLAIN)
    names = {value_of(path, one, "id"): str(value_of(path, one, "name")) for one in items_of(path, text, "categories")}
    images = {value_of(path, one, "id"): file_name(path, one) for one in items_of(path, text, "images")}
    for annotation in items_of(path, text, "annotations"):
        image, category = (value_of(path, annotation, key) for key in ("image_id", "category_id"))
        box: Any = annotation.get("bbox")
        if image in images and category in names and box and not annotation.get("iscrowd"):
            left, top, width, height = box
            rows.add(0, images[image], names[category], (left, top, left + width, top + height))
    return rows


def _of_voc(folder: Path) -> BoxRows:
    rows = BoxRows(folder, PLAIN)
    for file in xml_files(folder):
        try:
            _voc_file(file, rows)
        except (ElementTree.ParseError, ValueError):
            rows.problem(0, f"expected boxes as Pascal VOC's in {file.name}, got something else")
    return rows


def _voc_file(file: Path, rows: BoxRows) -> None:
    data = file.read_bytes()
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data:
        raise ValueError("it declares a document type")
    root = ElementTree.fromstring(data)
    image = (root.findtext("filename") or "").strip() or file.stem
    for found in root.iter("object"):
        box = found.find("bndbox")
        if box is not None:
            left, top, right, bottom = (float(box.findtext(corner) or "nan") for corner in _CORNERS)
            rows.add(0, image, (found.findtext("name") or "").strip(), (left, top, right, bottom))


def _of_yolo(folder: Path) -> BoxRows:
    names, rows = class_names_near(folder), BoxRows(folder, OPEN_IMAGES)
    for file in text_files(folder):
        for text in file.read_text("utf-8-sig", errors="replace").splitlines():
            try:
                number, *box = text.split()
                x, y, width, height = map(float, box[:4])
                name = names[int(number)]
            except (ValueError, KeyError):
                if text.strip():
                    rows.problem(0, f"expected a class's number and four shares in {file.name}, got something else")
                continue
            sides = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
            rows.add(0, file.relative_to(folder).with_suffix("").as_posix(), name, sides)
    return rows
