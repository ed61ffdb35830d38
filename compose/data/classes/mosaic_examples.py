"""Mosaics: several pictures of one class each in one picture, at random scales and places."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from jaxtyping import Bool, Float32, Float64, Int64
from torch import Tensor
from torch.nn import functional as F

from compose.data.classes.mosaic_pool import ClassedSplit, PicturePool
from compose.data.counter_random import Dice
from compose.data.multi_label import MultiLabelExamples, Positives
from compose.data.normalisation import Normalisation
from compose.data.source import SPLITS, DataSource, Split

TRIES = 16
"""Places that are tried for each picture; it comes to the one where it hides least of those before it."""


@dataclass(frozen=True)
class MosaicLook:
    """How mosaics look.

    Args:
        size: the side of a mosaic in pixels.
        pictures: the least and the greatest number of pictures in one.
        scale: the least and the greatest side of a picture, as a share of the mosaic's.
        normalisation: of the pixels.
        boxes: whether examples hold boxes.
        seed: of what is random.
    """

    size: int
    pictures: tuple[int, int]
    scale: tuple[float, float]
    normalisation: Normalisation
    boxes: bool
    seed: int


@dataclass(frozen=True)
class _Layout:
    """Which pictures some mosaics show, and where; ``p`` places for pictures, of which some are empty.

    Args:
        present: whether a place has a picture: ``b p``.
        rows: the picture's place in the pool: ``b p``.
        labels: its class: ``b p``.
        sides: left, top, right and bottom as shares of the mosaic: ``b p 4``.
        ground: the colour of the ground: ``b 3``.
    """

    present: Bool[np.ndarray, "b p"]
    rows: Int64[np.ndarray, "b p"]
    labels: Int64[np.ndarray, "b p"]
    sides: Float64[np.ndarray, "b p 4"]
    ground: Float64[np.ndarray, "b 3"]


class MosaicExamples(MultiLabelExamples):
    """A split of mosaics: a map from lists of indices to batches.

    Args:
        name: the split.
        length: mosaics in an epoch.
        pool: the pictures that they are made of.
        source: that of the pictures.
        splits: its splits.
        look: how they look.
        columns: the labels of the split's tasks.
        labels: labels in the table.
        fresh: whether every epoch has mosaics of its own.
    """

    def __init__(
        self,
        name: Split,
        length: int,
        pool: PicturePool,
        *,
        source: DataSource,
        splits: Mapping[Split, ClassedSplit],
        look: MosaicLook,
        columns: Int64[np.ndarray, " k"],
        labels: int,
        fresh: bool,
    ) -> None:
        self._stream, self._length, self._pool = SPLITS.index(name), length, pool
        self._source, self._splits = source, splits
        self._look, self._columns, self._labels, self.repeats = look, columns, labels, not fresh

    def __len__(self) -> int:
        return self._length

    def columns(self) -> Int64[np.ndarray, " k"]:
        """The labels of the split's tasks, as columns of the targets."""
        return self._columns

    def positives(self) -> Positives:
        """The labels of each mosaic of the first epoch. None is made for it."""
        layout = self._lay_out(range(len(self)))
        rows, places = np.nonzero(layout.present)
        return Positives.of(rows, layout.labels[rows, places], len(self), self._labels)

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these examples: ``image``, ``targets`` and, where asked for, ``boxes`` and ``box_labels``."""
        layout = self._lay_out([index % len(self) for index in indices] if self.repeats else indices)
        canvas = self._painted(layout)
        shown = np.zeros((*layout.present.shape, self._labels), np.int8)
        rows, places = np.nonzero(layout.present)
        shown[rows, places, layout.labels[rows, places]] = 1
        targets = torch.from_numpy(np.where(shown.any(1), 1, -1).astype(np.int8))
        batch = {"image": self._look.normalisation.pixels(canvas), "targets": targets}
        if self._look.boxes:
            sides = layout.sides * layout.present[..., None] * self._look.size
            batch |= {"boxes": torch.from_numpy(sides.astype(np.float32)), "box_labels": torch.from_numpy(shown)}
        return batch

    def _lay_out(self, indices: Sequence[int]) -> _Layout:
        """Draw what some mosaics show, from the seed and the index of each alone."""
        look, pool, most = self._look, self._pool, self._look.pictures[1]
        dice = Dice((look.seed, self._stream), indices)
        count = look.pictures[0] + dice.integers(most - look.pictures[0] + 1, 1)
        drawn = dice.integers(len(pool.classes), most)
        first, of_class = pool.starts[drawn], np.diff(pool.starts)[drawn]
        rows = first + (dice.uniform(most) * of_class).astype(np.int64)
        share = look.scale[0] + (look.scale[1] - look.scale[0]) * dice.uniform(most)
        present = np.arange(most) < count
        sides = _placed(share, present, dice.uniform(most, TRIES, 2))
        return _Layout(present, rows, pool.classes[drawn], sides, dice.uniform(3))

    def _painted(self, layout: _Layout) -> Float32[Tensor, "b 3 h w"]:
        """The mosaics in [0, 1]: later pictures lie over earlier ones."""
        size = self._look.size
        canvas = torch.from_numpy(layout.ground).float()[:, :, None, None].repeat(1, 1, size, size)
        for place in range(layout.present.shape[1]):
            rows = np.flatnonzero(layout.present[:, place])
            if not len(rows):
                continue
            pictures = self._pictures(layout.rows[rows, place])
            seen, inside = _placed_pictures(pictures, torch.from_numpy(layout.sides[rows, place]).float(), size)
            canvas[rows] = torch.where(inside[:, None], seen, canvas[rows])
        return canvas

    def _pictures(self, rows: Int64[np.ndarray, " k"]) -> Float32[Tensor, "k 3 h w"]:
        """Pictures of the pool in [0, 1], no larger than they are shown at most."""
        split, index = self._pool.split[rows], self._pool.index[rows]
        found: Tensor | None = None
        for number in np.unique(split).tolist():
            of_split = np.flatnonzero(split == number)
            read = self._splits[SPLITS[number]].examples[index[of_split].tolist()]["image"]
            shown = self._source.displayed(read)
            found = shown.new_empty(len(rows), *shown.shape[1:]) if found is None else found
            found[of_split] = shown
        assert found is not None
        most = max(1, round(self._look.scale[1] * self._look.size))
        if max(found.shape[-2:]) <= most:
            return found
        return F.interpolate(found, (most, most), mode="bilinear", antialias=True, align_corners=False)


def _placed(
    share: Float64[np.ndarray, "b p"], present: Bool[np.ndarray, "b p"], chance: Float64[np.ndarray, "b p t 2"]
) -> Float64[np.ndarray, "b p 4"]:
    """Left, top, right and bottom of each picture: of the places tried the one where it hides least."""
    sides = np.zeros((*share.shape, 4))
    for place in range(share.shape[1]):
        first = chance[:, place] * (1 - share[:, place, None, None])  # b t 2
        tried = np.concatenate([first, first + share[:, place, None, None]], axis=-1)  # b t 4
        before = sides[:, None, :place] * present[:, None, :place, None]  # b 1 p 4
        high = np.minimum(tried[:, :, None, 2:], before[..., 2:])
        low = np.maximum(tried[:, :, None, :2], before[..., :2])
        hidden = np.clip(high - low, 0, None).prod(-1).sum(-1)  # b t
        sides[:, place] = tried[np.arange(len(tried)), hidden.argmin(1)]
    return sides


def _placed_pictures(
    pictures: Float32[Tensor, "k 3 h w"], sides: Float32[Tensor, "k 4"], size: int
) -> tuple[Float32[Tensor, "k 3 s s"], Bool[Tensor, "k s s"]]:
    """Each picture drawn into a box of a larger one, and which pixels are in the box."""
    middle, half = (sides[:, 2:] + sides[:, :2]) - 1, sides[:, 2:] - sides[:, :2]  # from -1 to 1
    maps = torch.zeros(len(pictures), 2, 3)
    maps[:, 0, 0], maps[:, 1, 1] = 1 / half[:, 0], 1 / half[:, 1]
    maps[:, :, 2] = -middle / half
    grid = F.affine_grid(maps, [len(pictures), 3, size, size], align_corners=False)
    seen = F.grid_sample(pictures, grid, mode="bilinear", padding_mode="border", align_corners=False)
    return seen, (grid.abs() <= 1).all(-1)
