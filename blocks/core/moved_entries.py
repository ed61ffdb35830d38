"""Blocks that give the entries of an input as they are, in other places."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any


def moved_entries(port: str) -> Callable[..., dict[str, range]]:
    """The method ``index_ranges`` of a block whose output holds entries of one of its inputs and no others."""

    def index_ranges(self: Any, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        return {"out": known[port]} if port in known else {}

    return index_ranges
