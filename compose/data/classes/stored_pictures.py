"""Splits whose pictures are kept in memory, decoded, as bytes; as they are, or distorted anew whenever looked at."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional as F

from compose.data.classes.single_label import ClassExamples
from compose.data.counter_random import Dice

ROTATION, STRETCH, SLANT, SHIFT = math.radians(10), 0.12, 0.15, 0.14
"""The most at strength 1: an angle, a share of each side, a shear, and a part of half the side."""


class StoredPictures(ClassExamples):
    """A split of pictures in memory, each in several quarter turns where asked for.

    Args:
        pictures: the pictures, from 0 to 255.
        classes: the class of each, or its class unturned.
        count: how many classes there are in all splits.
        turns: quarter turns, each a class of its own: that of turn k is the unturned one plus k.
    """

    def __init__(
        self, pictures: UInt8[Tensor, "n c h w"], classes: NDArray[np.int64], *, count: int, turns: int = 1
    ) -> None:
        super().__init__((classes[:, None] + np.arange(turns)).reshape(-1), count)
        self._pictures, self._turns = pictures, turns

    def images(self, rows: NDArray[np.int64], indices: Sequence[int]) -> Float32[Tensor, "b c h w"]:
        """The pictures of a batch, in [0, 1]."""
        stored, turn = np.divmod(rows, self._turns)
        images = self._pictures[torch.from_numpy(stored)]
        for quarter in range(1, self._turns):
            which = torch.from_numpy(np.flatnonzero(turn == quarter))
            images[which] = images[which].rot90(quarter, (2, 3))
        return images.float().div_(255)


class Distorted(StoredPictures):
    """A split of pictures in memory, each turned, stretched, slanted and moved a little, another way in every epoch.

    Args:
        pictures: the pictures, from 0 to 255; 0 is what comes in at the borders.
        classes: the class of each, or its class unturned.
        count: how many classes there are in all splits.
        turns: quarter turns, each a class of its own.
        strength: how much; 1 is up to 10 degrees, 12% of each side, a slant of 0.15 and 7% of the side.
        seed: of the distortions.
    """

    def __init__(
        self,
        pictures: UInt8[Tensor, "n c h w"],
        classes: NDArray[np.int64],
        *,
        count: int,
        turns: int,
        strength: float,
        seed: int,
    ) -> None:
        super().__init__(pictures, classes, count=count, turns=turns)
        self._strength, self._seed = strength, seed

    def images(self, rows: NDArray[np.int64], indices: Sequence[int]) -> Float32[Tensor, "b c h w"]:
        """The pictures of a batch, in [0, 1]."""
        images = super().images(rows, indices)
        chance = torch.from_numpy(Dice((self._seed,), indices).uniform(6)).float() * 2 - 1
        grid = F.affine_grid(_maps(chance * self._strength), list(images.shape), align_corners=False)
        return F.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def _maps(chance: Float32[Tensor, "b 6"]) -> Float32[Tensor, "b 2 3"]:
    """For each picture the affine map from its new places to its old ones, from numbers between -1 and 1."""
    angle, slant = chance[:, 0] * ROTATION, chance[:, 1] * SLANT
    across, down = 1 + chance[:, 2] * STRETCH, 1 + chance[:, 3] * STRETCH
    cosine, sine = angle.cos(), angle.sin()
    rows = [
        [across * cosine, across * (slant * cosine - sine), chance[:, 4] * SHIFT],
        [down * sine, down * (slant * sine + cosine), chance[:, 5] * SHIFT],
    ]
    return torch.stack([torch.stack(row, dim=1) for row in rows], dim=1)
