"""The data source ``glyph_scenes``: symbols of the DejaVu fonts, strewn over scenes, labelled with WordNet nouns."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import torch
from pydantic import Field
from torch import Tensor

from compose.block import BlockError, data
from compose.data.counter_random import Dice
from compose.data.glyph_masks import GlyphMasks, mask_sizes
from compose.data.glyph_table import glyph_table
from compose.data.normalisation import NORMALISATIONS, NormalisationName
from compose.data.scene_clutter import ClutterLayout
from compose.data.scene_layout import SymbolLayout, Symbols
from compose.data.scene_render import backdrop, coverage, paint
from compose.data.source import LabelTable, Split

_CHUNK = 48
"""Scenes that are drawn at a time: their masks stay in the processor's cache."""
_STREAMS: dict[Split, int] = {"train": 1, "val": 2, "test": 3}

Count = Annotated[int, Field(ge=1)]


@data
class GlyphScenes:
    """Scenes of one to four symbols each, with scale, rotation, colour and clutter; drawn as they are asked for.

    The labels are 161 nouns with their WordNet synsets, closed under hypernyms: a picture of a pawn shows `pawn`,
    `chessman`, `game_equipment` and `instrumentality`. 128 are seen. Of the 33 unseen ones, 16 are leaves whose symbols
    are drawn in the test split alone, and 17 are hypernyms. Training pictures are new in every epoch.

    Args:
        size: the side of the pictures in pixels.
        train: training pictures in an epoch.
        val: validation pictures, without the symbols of unseen leaves.
        test: test pictures, with all symbols.
        seed: another seed gives other pictures.
        fresh: whether every epoch has training pictures of its own; if not, all epochs share those of the first.
        objects: the least and the greatest number of symbols in a scene.
        scale: the least and the greatest length of a symbol's longer side, as a share of the picture's.
        rotation: how far symbols are turned to either side at most, in degrees.
        clutter: how many strokes, curls and specks lie about at most.
        noise: the greatest deviation of the background's noise, where black is 0 and white is 1.
        normalisation: `half` maps black to -1 and white to 1; `imagenet` suits weights trained on ImageNet.
        boxes: whether examples also hold `boxes` (pixels: left, top, right, bottom) and `box_labels` (which labels
            each box shows), for localisation.
    """

    gives = ("image",)

    def __init__(
        self,
        *,
        size: Annotated[int, Field(ge=16, le=1024)] = 64,
        train: Count = 10_000,
        val: Count = 1_000,
        test: Count = 2_000,
        seed: int = 0,
        fresh: bool = True,
        objects: tuple[Count, Count] = (1, 4),
        scale: tuple[float, float] = (0.28, 0.6),
        rotation: Annotated[float, Field(ge=0, le=180)] = 25.0,
        clutter: Annotated[int, Field(ge=0, le=32)] = 4,
        noise: Annotated[float, Field(ge=0, le=0.5)] = 0.06,
        normalisation: NormalisationName = "half",
        boxes: bool = False,
    ) -> None:
        if not 1 <= objects[0] <= objects[1] <= 9:
            raise BlockError(
                f"expected two numbers from 1 to 9, the lesser first, got {list(objects)}", parameter="objects"
            )
        if not 0.05 <= scale[0] <= scale[1] <= 1:
            raise BlockError(
                f"expected two shares from 0.05 to 1, the lesser first, got {list(scale)}", parameter="scale"
            )
        self.size, self.seed, self.fresh, self.boxes = size, seed, fresh, boxes
        self.objects, self.scale, self.rotation, self.clutter, self.noise = objects, scale, rotation, clutter, noise
        self.normalisation = NORMALISATIONS[normalisation]
        self.lengths: dict[Split, int] = {"train": train, "val": val, "test": test}

    @property
    def labels(self) -> LabelTable:
        """All labels, seen and unseen."""
        return glyph_table().labels

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """The picture's shape, and the boxes' where they are asked for."""
        shapes: dict[str, tuple[int, ...]] = {"image": (3, self.size, self.size)}
        if self.boxes:
            shapes |= {"boxes": (self.objects[1], 4), "box_labels": (self.objects[1], len(self.labels.names))}
        return shapes

    def split(self, name: Split) -> GlyphExamples:
        """The examples of a split."""
        return GlyphExamples(self, name)

    def check(self) -> list[str]:
        """Nothing: pictures that are drawn are never broken."""
        return []

    def notes(self) -> list[str]:
        """Nothing."""
        return []

    def read_image(self, path: Any) -> Tensor:
        """The middle of a picture of the user's in this source's size and normalisation: ``3 h w``.

        Raises:
            PictureError: the picture cannot be read.
        """
        from compose.data.picture import read_picture

        return self.normalisation.pixels(read_picture(Path(path), self.size))


class GlyphExamples:
    """A split of glyph scenes: a map from lists of indices to batches.

    Args:
        source: the settings.
        split: ``train`` and ``val`` never draw an unseen leaf's symbol.
    """

    def __init__(self, source: GlyphScenes, split: Split) -> None:
        self.source, self.split = source, split
        self._layout: tuple[SymbolLayout, ClutterLayout] | None = None

    def __len__(self) -> int:
        return self.source.lengths[self.split]

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these examples: ``image``, ``targets`` and, where asked for, ``boxes`` and ``box_labels``."""
        parts = [self._draw(indices[start : start + _CHUNK]) for start in range(0, len(indices), _CHUNK)]
        return {name: torch.cat([part[name] for part in parts]) for name in parts[0]}

    def __getstate__(self) -> dict[str, Any]:
        """Without the masks, which a worker cuts for itself in less time than they take to send."""
        return {**vars(self), "_layout": None}

    def _draw(self, indices: Sequence[int]) -> dict[str, Tensor]:
        symbols_layout, clutter_layout = self._layouts()
        source, scenes = self.source, len(indices)
        if self.split != "train" or not source.fresh:
            indices = [index % len(self) for index in indices]
        dice = Dice((source.seed, _STREAMS[self.split]), indices)
        ground = dice.uniform(1)[:, 0]
        scale, frame = source.normalisation, {"scenes": scenes, "size": source.size}
        canvas = backdrop(dice, ground, size=source.size, noise=source.noise, scale=scale)
        clutter = clutter_layout.draw(dice, ground)
        paint(canvas, clutter, coverage(clutter, [clutter_layout.masks], slots=source.clutter, **frame), scale)
        symbols = symbols_layout.draw(dice, ground)
        covered = coverage(symbols.stamps, symbols_layout.masks.levels, slots=source.objects[1], **frame)
        paint(canvas, symbols.stamps, covered, scale)
        batch = {"image": canvas, "targets": _targets(symbols)}
        return batch | _boxes(symbols, covered) if source.boxes else batch

    def _layouts(self) -> tuple[SymbolLayout, ClutterLayout]:
        """Made on first use: whoever only wants the labels or the shapes waits for no font."""
        if self._layout is None:
            source = self.source
            low, high = (share * source.size for share in source.scale)
            pool = glyph_table().pool(unseen=self.split == "test")
            symbols = SymbolLayout(
                _masks(mask_sizes(low, high)),
                pool,
                size=source.size,
                objects=source.objects,
                scale=source.scale,
                rotation=source.rotation,
            )
            self._layout = symbols, ClutterLayout(size=source.size, clutter=source.clutter)
        return self._layout


@cache
def _masks(sizes: tuple[int, ...]) -> GlyphMasks:
    return GlyphMasks(glyph_table().glyphs, sizes)


def _targets(symbols: Symbols) -> Tensor:
    """1 where a symbol of the scene shows the label, else -1: int8 ``b l``."""
    shown = (glyph_table().shows[symbols.glyph] & symbols.present[..., None]).any(1)
    return torch.from_numpy(np.where(shown, 1, -1).astype(np.int8))


def _boxes(symbols: Symbols, covered: Tensor) -> dict[str, Tensor]:
    """The boxes of a batch.

    Args:
        symbols: what is in the scenes.
        covered: how far each symbol covers each pixel: ``k b 1 h w``.

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
    shown = torch.from_numpy(glyph_table().shows[symbols.glyph]) & present[..., None]
    return {"boxes": found, "box_labels": shown.to(torch.int8)}
