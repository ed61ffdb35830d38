"""A range of numbers that a search draws from: ``1e-4..1e-2``."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal

from compose.errors import UsageError
from compose.spec.layers.sweep import Member
from compose.spec.yaml.writer import flow

NUMBER = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"
RANGE = re.compile(rf"({NUMBER})\.\.({NUMBER})(?::(log|linear))?")
LOG_FROM = 100
"""How many times the least number the greatest must be, that a range from above 0 is drawn from by its logarithm."""
DIGITS = 4
"""Significant digits of a number that is tried, so that it can be written down."""


@dataclass(frozen=True)
class ValueRange:
    """Numbers between two, both included.

    Args:
        key: the key of the spec that takes them.
        label: the key as members are called.
        low: the least.
        high: the greatest.
        scale: whether equal steps or equal factors are equally likely.
        whole: whether they are whole numbers.
    """

    key: str
    label: str
    low: float
    high: float
    scale: Literal["log", "linear"]
    whole: bool

    @classmethod
    def of(cls, key: str, text: str, label: str) -> ValueRange | None:
        """A range by its text; None where the text is none.

        Raises:
            UsageError: it is empty, or a logarithm is asked for below 0.
        """
        found = RANGE.fullmatch(text.strip())
        if found is None:
            return None
        low, high = float(found[1]), float(found[2])
        if not low < high:
            raise UsageError(f"-s {key}={text}: expected the lesser number first")
        if found[3] == "log" and low <= 0:
            raise UsageError(f"-s {key}={text}: a logarithm needs numbers above 0")
        wide: Literal["log", "linear"] = "log" if low > 0 and high / low >= LOG_FROM else "linear"
        scale: Literal["log", "linear"] = wide
        if found[3]:
            scale = "log" if found[3] == "log" else "linear"
        whole = all(re.fullmatch(r"[-+]?\d+", part) for part in (found[1], found[2]))
        return cls(key, label, low, high, scale, whole)

    def member(self, value: float) -> Member:
        """The member of a number."""
        text = flow(int(value) if self.whole else float(f"{value:.{DIGITS}g}"))
        return Member(f"{self.label}={text}", (), (f"{self.key}={text}",))

    def __str__(self) -> str:
        low, high = (flow(int(end) if self.whole else end) for end in (self.low, self.high))
        return f"{self.key} from {low} to {high}, {self.scale}"
