"""Types of parameters that many layers have."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

Positive = Annotated[int, Field(gt=0)]
Pair = Positive | tuple[Positive, Positive]
"""One number for height and width, or one for each."""
Padding = Annotated[int, Field(ge=0)] | tuple[Annotated[int, Field(ge=0)], Annotated[int, Field(ge=0)]]
"""Places to add on each side, alike or for height and width."""
Share = Annotated[float, Field(ge=0, lt=1)]
"""Of the entries that dropout drops."""
Epsilon = Annotated[float, Field(gt=0)]
Momentum = Annotated[float, Field(gt=0, le=1)]


def pair(value: int | tuple[int, int]) -> tuple[int, int]:
    """Height and width of a parameter that has one number for both."""
    return value if isinstance(value, tuple | list) else (value, value)
