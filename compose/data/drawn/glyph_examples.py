"""The examples of a split of a source of scenes, drawn as they are asked for, with their targets and boxes."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from jaxtyping import Bool, Float32, Int8, Int64
from numpy.typing import NDArray
from torch import Tensor

from compose.data.counter_random import Dice
from compose.data.drawn.glyph_masks import GlyphMasks, mask_sizes
from compose.data.drawn.scene_clutter import ClutterLayout
from compose.data.drawn.scene_layout import SymbolLayout, Symbols
from compose.data.drawn.scene_render import BACKDROP, backdrop, coverage, paint
from compose.data.multi_label import MultiLabelExamples, Positives
from compose.data.source import Split

if TYPE_CHECKING:
    from compose.data.drawn.drawn_scenes import DrawnScenes


_LAID_OUT = 1024
"""Scenes that are laid out at a time."""
_CHUNK = 48
"""Scenes that are drawn at a time: their masks stay in the processor's cache."""


class GlyphExamples(MultiLabelExamples):
    """A split of drawn scenes: a map from lists of indices to batches.

    Args:
        source: the settings.
        split: which symbols are drawn, and with which random numbers, is the source's to say.
        columns: the labels of the split's tasks.
        fresh: whether every epoch has scenes of its own.
    """

    def __init__(self, source: DrawnScenes, split: Split, *, columns: Int64[np.ndarray, " k"], fresh: bool) -> None:
        self.source, self.split, self._columns, self.repeats = source, split, columns, not fresh
        self._layout: tuple[SymbolLayout, ClutterLayout] | None = None

    def __len__(self) -> int:
        return self.source.lengths[self.split]

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these examples: ``image``, ``targets`` and, where asked for, ``boxes`` and ``box_labels``."""
        parts = [self._draw(indices[start : start + _CHUNK]) for start in range(0, max(1, len(indices)), _CHUNK)]
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def columns(self) -> Int64[np.ndarray, " k"]:
        """The labels of the split's tasks, as columns of the targets."""
        return self._columns

    def positives(self) -> Positives:
        """The labels of each scene of the first epoch. None is painted for it."""
        shows = self.source.table.shows
        parts = [range(len(self))[start : start + _LAID_OUT] for start in range(0, len(self), _LAID_OUT)]
        shown = [shown_labels(self._laid_out(part), shows).nonzero() for part in parts]
        rows = np.concatenate([part.start + rows for part, (rows, _) in zip(parts, shown, strict=True)])
        columns = np.concatenate([columns for _, columns in shown])
        return Positives.of(rows, columns, len(self), shows.shape[1])

    def carried(self) -> None:
        """Only drawing the scenes of all epochs would tell."""
        return None

    def __getstate__(self) -> dict[str, Any]:
        """Without the masks, which a worker cuts for itself in less time than they take to send."""
        return {**vars(self), "_layout": None}

    def _draw(self, indices: Sequence[int]) -> dict[str, Tensor]:
        symbols_layout, clutter_layout = self._layouts()
        source, scenes = self.source, len(indices)
        if self.repeats:
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

    def _laid_out(self, indices: Sequence[int]) -> Symbols:
        """The symbols of scenes that are not painted: from the same random numbers as if they were."""
        symbols_layout, clutter_layout = self._layouts()
        dice = Dice((self.source.seed, self.source.streams[self.split]), indices)
        ground = dice.uniform(1)[:, 0]
        dice.skip(BACKDROP)
        clutter_layout.draw(dice, ground)
        return symbols_layout.draw(dice, ground)

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
    return torch.from_numpy(np.where(shown_labels(symbols, shows), 1, -1).astype(np.int8))


def shown_labels(symbols: Symbols, shows: NDArray[np.bool_]) -> Bool[np.ndarray, "b l"]:
    """Whether a symbol of each scene shows each label."""
    return np.asarray((shows[symbols.glyph] & symbols.present[..., None]).any(1))


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
