"""The values of a spec as experiment trackers take them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from compose.shown import printable
from compose.spec.schema.document import ABOUT
from compose.spec.yaml.writer import flow
from compose.training.storage.made_with import SEED, MadeWith

LONGEST = 500
"""Characters of a value that is no number."""
FlatValues = Mapping[str, bool | int | float | str]
"""``train.main.epochs`` -> value; a list is its YAML on one line."""


def computed_values(values: Mapping[str, Any]) -> dict[str, Any]:
    """A resolved spec without what it says of itself."""
    return {key: value for key, value in values.items() if key not in ABOUT}


def flat_values(values: Mapping[str, Any]) -> FlatValues:
    """All values of a spec, each by its path."""
    return _flat("", values)


def chosen_values(lock: str, values: Mapping[str, Any]) -> FlatValues:
    """What tells the runs of one spec apart: the variants and overrides that were laid over it, and the seed.

    Args:
        lock: the text of the run's lock file, which names them.
        values: the resolved spec.
    """
    made = MadeWith.of(lock.splitlines())
    found: dict[str, bool | int | float | str] = {}
    if made.variants:
        found["variants"] = "+".join(made.variants)
    for key in (text.partition("=")[0] for text in made.overrides):
        found |= _flat(key, _at(values, key.split(".")))
    return found | _flat(SEED, values.get(SEED, 0))


def _flat(key: str, value: Any) -> dict[str, bool | int | float | str]:
    if isinstance(value, Mapping) and value:
        found: dict[str, bool | int | float | str] = {}
        for name, inner in value.items():
            found |= _flat(f"{key}.{name}" if key else str(name), inner)
        return found
    return {printable(key): value if isinstance(value, bool | int | float) else _text(value)}


def _text(value: Any) -> str:
    text = printable(value if isinstance(value, str) else flow(value))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _at(values: Any, keys: list[str]) -> Any:
    """The value at a path; None where an override has removed it."""
    for key in keys:
        if isinstance(values, list) and key.isdecimal() and int(key) < len(values):
            values = values[int(key)]
        elif isinstance(values, Mapping):
            values = values.get(key)
        else:
            return None
    return values
