"""The examples of a split of a source of scenes, drawn as they are asked for, with their targets and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Float32, Int8
from numpy.typing import NDArray
from torch import Tensor

from compose.data.counter_random import Dice
from compose.data.drawn.glyph_masks import GlyphMasks, mask_sizes
from compose.data.drawn.scene_clutter import ClutterLayout
from compose.data.drawn.scene_layout import SymbolLayout, Symbols
from compose.data.drawn.scene_render import backdrop, coverage, paint
from compose.data.source import Examples, Split

if TYPE_CHECKING:
    from compose.data.drawn.drawn_scenes import DrawnScenes


_CHUNK = 48
"""Scenes that are drawn at a time: their masks stay in the processor's cache."""


class GlyphExamples(Examples):
    """A split of drawn scenes: a map from lists of indices to batches.

    Args:
        source: the settings.
        split: which symbols are drawn, and with which random numbers, is the source's to say.
    """

    def __init__(self, source: DrawnScenes, split: Split) -> None:
        self.source, self.split = source, split
        self._layout: tuple[SymbolLayout, ClutterLayout] | None = None

    def __len__(self) -> int:
        return self.source.lengths[self.split]

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these examples: ``image``, ``targets`` and, where asked for, ``boxes`` and ``box_labels``."""
        parts = [self._draw(indices[start : start + _CHUNK]) for start in range(0, max(1, len(indices)), _CHUNK)]
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def __getstate__(self) -> dict[str, Any]:
        """Without the masks, which a worker cuts for itself in less time than they take to send."""
        return {**vars(self), "_layout": None}

    def _draw(self, indices: Sequence[int]) -> dict[str, Tensor]:
        symbols_layout, clutter_layout = self._layouts()
        source, scenes = self.source, len(indices)
        if self.split != "train" or not source.fresh:
            indices = [index % len(self) for index in indices]
        dice = Dice((source.seed, source.streams[self.split]), indices)
        ground = dice.uniform(1)[:, 0]
        scale, frame = source.normalisation, {"scenes": scenes, "size": source.size}
        canvas = backdrop(dice, ground, size=source.size, noise=source.noise, scale=scale)
        clutter = clutter_layout.draw(dice, ground)
        paint(canvas, clutter, coverage(clutter, [clutter_layout.masks], slots=source.clutter, **frame), scale)
        symbols = symbols_layout.draw(dice, ground)
        covered = coverage(symbols.stamps, symbols_layout.masks.levels, slots=source.objects[1], **frame)
        paint(canvas, symbols.stamps, covered, scale)
        shows = source.table.shows
        batch = {"image": canvas, "targets": scene_targets(symbols, shows)}
        return batch | scene_boxes(symbols, covered, shows) if source.boxes else batch

    def _layouts(self) -> tuple[SymbolLayout, ClutterLayout]:
        """Made on first use: whoever only wants the labels or the shapes waits for no font."""
        if self._layout is None:
            source = self.source
            low, high = (share * source.size for share in source.scale)
            symbols = SymbolLayout(
                _masks(source.table.glyphs, mask_sizes(low, high)),
                source.pool(self.split),
                size=source.size,
                objects=source.objects,
                scale=source.scale,
                rotation=source.rotation,
            )
            self._layout = symbols, ClutterLayout(size=source.size, clutter=source.clutter)
        return self._layout


@cache
def _masks(glyphs: tuple[int, ...], sizes: tuple[int, ...]) -> GlyphMasks:
    return GlyphMasks(glyphs, sizes)


def scene_targets(symbols: Symbols, shows: NDArray[np.bool_]) -> Int8[Tensor, "b l"]:
    """1 where a symbol of the scene shows the label, else -1; ``shows`` says which glyph does: ``glyphs l``."""
    shown = (shows[symbols.glyph] & symbols.present[..., None]).any(1)
    return torch.from_numpy(np.where(shown, 1, -1).astype(np.int8))


def scene_boxes(symbols: Symbols, covered: Float32[Tensor, "k b 1 h w"], shows: NDArray[np.bool_]) -> dict[str, Tensor]:
    """The boxes of a batch.

    Args:
        symbols: what is in the scenes.
        covered: how far each symbol covers each pixel.
        shows: which labels a glyph shows: ``glyphs l``.

    Returns:
        ``boxes`` float32 ``b k 4``: left, top, right, bottom in pixels, around what a symbol covers (also where a
        later one hides it), 0 where a place is empty. ``box_labels`` int8 ``b k l``: 1 for the labels shown.
    """
    inked = covered[:, :, 0].transpose(0, 1) > 0.1  # b k h w
    sides = []
    for axis in (inked.any(-2), inked.any(-1)):  # b k w, b k h
        first = axis.int().argmax(-1)
        last = axis.shape[-1] - axis.flip(-1).int().argmax(-1)
        sides.append((first, last))
    (left, right), (top, bottom) = sides
    present = torch.from_numpy(symbols.present)
    found = torch.stack([left, top, right, bottom], -1).float() * present[..., None]
    shown = torch.from_numpy(shows[symbols.glyph]) & present[..., None]
    return {"boxes": found, "box_labels": shown.to(torch.int8)}
