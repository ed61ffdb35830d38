"""Label files in JSON lines: ``{"image": "a.jpg", "labels": ["cat"], "absent": ["dog"], "split": "train"}``.

Other keys are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compose.data.pictures.labels.label_file import IMAGE_KEYS, LABEL_KEYS, RowWriter, label_name
from compose.data.quoted import keys_text
from compose.data.source import DataError
from compose.errors import nearest

COCO = ("images", "annotations", "categories")
"""The keys of the one object that COCO's JSON files hold."""


def read_json_lines(path: Path, text: str, spoilt: set[int], rows: RowWriter) -> None:
    """Write the rows of a JSON-lines file.

    Args:
        path: the file, for messages.
        text: what is in it.
        spoilt: lines to pass over.
        rows: where rows go.

    Raises:
        DataError: it is one JSON array.
    """
    if text.lstrip().startswith("["):
        raise DataError(f"{path}: expected JSON lines (an object on each line), got one JSON array")
    _refuse_coco(path, text)
    for line, content in enumerate(text.split("\n"), 1):
        if content.strip() and line not in spoilt:
            try:
                _row(line, content, rows)
            except _Wrong as error:
                rows.into.problem(line, str(error))


def _refuse_coco(path: Path, text: str) -> None:
    if not all(f'"{key}"' in text for key in COCO):
        return
    try:
        whole = json.loads(text)
    except (ValueError, RecursionError):
        return
    if isinstance(whole, dict) and all(isinstance(whole.get(key), list) for key in COCO):
        form = '{"image": "a.jpg", "labels": ["cat"]}'
        raise DataError(f"{path}: expected JSON lines (an object such as {form} on each line), got COCO's JSON")


class _Wrong(Exception):
    """Why a line cannot be used."""


def _row(line: int, content: str, rows: RowWriter) -> None:
    try:
        row = json.loads(content)
    except (ValueError, RecursionError) as error:
        comma = content.rstrip().endswith(",")
        why = "a comma stands at the end of the line, and nothing may stand between the lines" if comma else error
        raise _Wrong(f"not JSON: {why}") from None
    if not isinstance(row, dict):
        raise _Wrong(f"expected an object, got {'a list' if isinstance(row, list) else 'a single value'}")
    image = row[_key(row, IMAGE_KEYS)]
    if not isinstance(image, str) or not image.strip():
        raise _Wrong(f"expected the picture's name, got {json.dumps(image)[:40]}")
    present = _names(row, _key(row, LABEL_KEYS))
    absent = _names(row, "absent") if "absent" in row else []
    split = rows.split(line, row.get("split"))
    if split is not None:
        rows.lists(line, image.strip(), present, absent, split)


def _key(row: dict[str, Any], names: Sequence[str]) -> str:
    found = next((name for name in names if name in row), None)
    if found is None:
        close = nearest(names[0], row)
        hint = f"; did you mean it by `{close}`?" if close else ""
        raise _Wrong(f"expected a key `{names[0]}`, got {keys_text(list(row))}{hint}")
    return found


def _names(row: dict[str, Any], key: str) -> list[str]:
    value = row[key]
    if not isinstance(value, list) or not all(isinstance(name, str) and name.strip() for name in value):
        raise _Wrong(f"expected a list of names under `{key}`, got {json.dumps(value)[:60]}")
    return [label_name(name) for name in value]
