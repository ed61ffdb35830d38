"""How each attention module is drawn: its colour and texture."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from compose.drawing.palette import MODULES, OTHERS
from compose.drawing.usage.shapes import Texture

TEXTURES: tuple[Texture, ...] = ("plain", "rising", "falling")


@dataclass(frozen=True)
class Series:
    """Modules that are drawn alike: one, or in the last place all that are left over."""

    modules: tuple[int, ...]
    name: str
    fill: str
    texture: Texture


def module_series(used: Sequence[int]) -> list[Series]:
    """How the modules are drawn; beyond 24 of them, the least used ones share a grey."""
    styles = [(fill, texture) for texture in TEXTURES for fill in MODULES]
    kept = list(range(len(used)))
    if len(used) > len(styles):
        kept = sorted(sorted(kept, key=lambda module: -used[module])[: len(styles) - 1])
    series = [Series((module,), str(module), *style) for module, style in zip(kept, styles, strict=False)]
    left = tuple(module for module in range(len(used)) if module not in kept)
    return [*series, Series(left, f"{len(left)} others", OTHERS, "plain")] if left else series
