"""COCO's and LVIS's JSON: one object with the lists ``images``, ``annotations`` and ``categories``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from compose.data.json_items import items_of, value_of
from compose.data.pictures.labels.label_file import RowWriter, label_name

KEYS = ("images", "annotations", "categories")
"""The keys of the one object."""


def read_instances(path: Path, text: str, rows: RowWriter) -> None:
    """Write a row for each image: it shows the categories of its annotations.

    Where an image lists categories that people looked for in vain, as LVIS's do (``neg_category_ids``), these are
    absent, and those that nobody looked for are unlisted.

    Args:
        path: the file, for messages.
        text: what is in it.
        rows: where rows go.

    Raises:
        DataError: the file is cut off, or its entries lack what they should have.
    """
    names: dict[Any, str] = {}
    for category in items_of(path, text, "categories"):
        names[value_of(path, category, "id")] = label_name(str(value_of(path, category, "name")))
    for name in names.values():
        rows.into.number(name, 0)
    shown: dict[Any, list[str]] = {}
    images = {value_of(path, image, "id"): image for image in items_of(path, text, "images")}
    for annotation in items_of(path, text, "annotations"):
        image, category = (value_of(path, annotation, key) for key in ("image_id", "category_id"))
        if image not in images or category not in names:
            what = f"picture {image}" if image not in images else f"category {category}"
            rows.into.problem(0, f"annotation {annotation.get('id')} is of the {what}, which the file does not list")
        else:
            shown.setdefault(image, []).append(names[category])
    for number, image in images.items():
        absent = [names[category] for category in image.get("neg_category_ids", ()) if category in names]
        rows.lists(0, file_name(path, image), shown.get(number, []), absent, rows.fixed_split)


def file_name(path: Path, image: dict[str, Any]) -> str:
    """An image's file; LVIS names the folder and the file at the end of an address alone."""
    if "file_name" not in image and "coco_url" in image:
        return "/".join(str(image["coco_url"]).split("/")[-2:])
    return str(value_of(path, image, "file_name"))
