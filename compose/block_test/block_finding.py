"""What a check of a block found."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from compose.errors import SpecError


@dataclass(frozen=True)
class BlockFinding:
    """What a check of a block found.

    Args:
        name: the check.
        state: whether the block passes; a check may not apply to it.
        detail: what was compared, why it does not apply, or what is wrong.
        error: what is wrong, at its line.
    """

    name: str
    state: Literal["ok", "failed", "not applicable"]
    detail: str
    error: SpecError | None = None


class NotApplicable(Exception):
    """A check does not apply to a block; the text says why."""
