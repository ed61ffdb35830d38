"""The shapes of what a model is given."""

from __future__ import annotations

from typing import TypeAlias

Sizes: TypeAlias = dict[str, tuple[int, ...]]
"""Reserved input -> its shape."""
