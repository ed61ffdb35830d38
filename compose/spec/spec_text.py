"""A spec that stands in no file: a text, or a dict of Python's."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class SpecText:
    """A spec as text.

    Args:
        text: YAML.
        name: what messages call it.
    """

    text: str
    name: str = "<text>"
