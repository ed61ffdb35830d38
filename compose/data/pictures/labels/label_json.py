"""Label files in JSON: objects ``{"image": "a.jpg", "labels": ["cat"], "absent": ["dog"], "split": "train"}``, one on
each line or in a list; one object ``{"a.jpg": ["cat"]}``; or COCO's.

Other keys are passed over.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from compose.data.pictures.forms.instances_json import KEYS, read_instances
from compose.data.pictures.labels.label_file import IMAGE_KEYS, LABEL_KEYS, RowWriter, label_name
from compose.data.quoted import keys_text
from compose.data.source import DataError
from compose.data.text_file import json_of
from compose.errors import nearest


def read_json(path: Path, text: str, spoilt: set[int], rows: RowWriter) -> None:
    """Write the rows of a file of JSON lines, of one list of objects, of one object of pictures, or as COCO's.

    Args:
        path: the file, for messages.
        text: what is in it.
        spoilt: lines to pass over.
        rows: where rows go.

    Raises:
        DataError: it is another form of JSON.
    """
    if text.lstrip().startswith("["):
        _write_list(path, _whole(path, text), rows)
        return
    if not _is_lines(text):
        if all(f'"{key}"' in text for key in KEYS):
            read_instances(path, text, rows)
        else:
            _write_mapping(path, _whole(path, text), rows)
        return
    for line, content in enumerate(text.split("\n"), 1):
        if content.strip() and line not in spoilt:
            try:
                _row(line, _decoded(content), rows)
            except _Wrong as error:
                rows.into.problem(line, str(error))


def _is_lines(text: str) -> bool:
    """Whether a file has objects on lines of their own, and is not one object."""
    first = next((line for line in text.split("\n") if line.strip()), "").strip()
    try:
        found = json.loads(first.removesuffix(","))
    except (ValueError, RecursionError):
        return first != "{" and not all(f'"{key}"' in text for key in KEYS) and not _is_object(text)
    return not isinstance(found, dict) or not _is_whole(found)


def _is_object(text: str) -> bool:
    try:
        return isinstance(json_of(text), dict)
    except json.JSONDecodeError:
        return False


def _is_whole(found: dict[str, Any]) -> bool:
    """Whether one object is all of a file: COCO's lists, or pictures with their labels."""
    if all(isinstance(found.get(key), list) for key in KEYS):
        return True
    return bool(found) and not set(found) & {*IMAGE_KEYS} and all(_is_names(value) for value in found.values())


def _is_names(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _whole(path: Path, text: str) -> Any:
    try:
        return json_of(text)
    except json.JSONDecodeError as error:
        raise DataError(f"{path}:{error.lineno}: not JSON ({error.msg}); the file may be cut off") from None


def _write_list(path: Path, found: list[Any], rows: RowWriter) -> None:
    """Write the rows of a list of objects such as ``{"image": "a.jpg", "labels": ["cat"]}``.

    Raises:
        DataError: none of them names a picture: it is another list, of which nothing is quoted.
    """
    if not any(isinstance(row, dict) and not row.keys().isdisjoint(IMAGE_KEYS) for row in found):
        raise DataError(
            f'{path}: expected a list of objects such as {{"image": "a.jpg", "labels": ["cat"]}}, got others'
        )
    for number, row in enumerate(found, 1):
        try:
            _row(0, row, rows)
        except _Wrong as error:
            rows.into.problem(0, f"entry {number:,}: {error}")


def _write_mapping(path: Path, found: Any, rows: RowWriter) -> None:
    """Write the rows of an object such as ``{"a.jpg": ["cat"], "b.jpg": []}``.

    Raises:
        DataError: it is another object.
    """
    if not isinstance(found, dict) or not found or not all(_is_names(value) for value in found.values()):
        forms = '{"image": "a.jpg", "labels": ["cat"]} on each line or in a list, {"a.jpg": ["cat"]}, COCO\'s JSON'
        raise DataError(f"{path}: expected pictures with their labels in JSON ({forms}), got another object")
    for image, names in found.items():
        rows.lists(0, image, [label_name(name) for name in names if name.strip()], [], rows.fixed_split)


class _Wrong(Exception):
    """Why a line cannot be used."""


def _decoded(content: str) -> Any:
    try:
        return json.loads(content)
    except (ValueError, RecursionError) as error:
        comma = content.rstrip().endswith(",")
        why = "a comma stands at the end of the line, and nothing may stand between the lines" if comma else error
        raise _Wrong(f"not JSON: {why}") from None


def _row(line: int, row: Any, rows: RowWriter) -> None:
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
