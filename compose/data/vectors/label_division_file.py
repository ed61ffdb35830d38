"""Files that say which labels are of training, of validation and of test."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, get_args

import yaml

from compose.block import BlockError
from compose.data.source import Split

_YAML = (".yaml", ".yml")
_Loader: Any = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""All scalars are texts: `2007`, `no` and `null` are names."""


def read_division(path: Path) -> dict[Split, int | list[str]]:
    """How many labels each split has, or which, as a YAML or else JSON file says it, all under ``split`` or not.

    Raises:
        BlockError: it cannot be read, or says something else.
    """
    try:
        text = path.expanduser().read_text("utf-8-sig")
    except OSError as error:
        raise BlockError(f"cannot be read ({error.strerror})") from None
    except UnicodeDecodeError:
        raise BlockError("expected UTF-8") from None
    found = _yaml(text) if path.suffix.lower() in _YAML else _json(text)
    return _parts(found["split"] if isinstance(found, dict) and list(found) == ["split"] else found)


def _json(text: str) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise BlockError(f"line {error.lineno}: expected JSON ({error.msg})") from None


def _yaml(text: str) -> object:
    try:
        return yaml.load(text, Loader=_Loader)
    except yaml.MarkedYAMLError as error:
        line = f"line {error.problem_mark.line + 1}: " if error.problem_mark else ""
        raise BlockError(f"{line}expected YAML ({error.problem})") from None
    except yaml.YAMLError as error:
        raise BlockError(f"expected YAML ({error})") from None


def _parts(found: object) -> dict[Split, int | list[str]]:
    if not isinstance(found, Mapping):
        form = '{"train": [...], "val": [...], "test": [...]}'
        raise BlockError(f"expected {form} of lists of labels, or of how many, got {_kind(found)}")
    for key in found:
        if key not in get_args(Split):
            raise BlockError(f"expected {', '.join(f'`{split}`' for split in get_args(Split))}, got `{key}`")
    return {split: _part(which, split) for split, which in found.items()}


def _part(which: object, split: str) -> int | list[str]:
    if isinstance(which, list):
        strange = [entry for entry in which if not isinstance(entry, str)]
        if strange:
            raise BlockError(f"expected names of labels, got {_kind(strange[0])}", parameter=f"split.{split}")
        return which
    number = int(which) if isinstance(which, str) and which.isdecimal() else which  # in YAML all is text
    if isinstance(number, bool) or not isinstance(number, int) or number < 0:
        message = f"expected a list of labels, or how many, got {_kind(which)}"
        raise BlockError(message, parameter=f"split.{split}")
    return number


def _kind(found: object) -> str:
    """What was read, in a word or two."""
    if isinstance(found, Mapping):
        return "a mapping"
    if isinstance(found, list):
        return "a list"
    return f"`{json.dumps(found, ensure_ascii=False)}`" if found not in (None, "") else "nothing"
