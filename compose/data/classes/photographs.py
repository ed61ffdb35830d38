"""Splits of small photographs that are kept in memory, and what is done to them at random in training."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import torch
from einops import rearrange
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray
from torch import Tensor

from compose.data.classes.stored_pictures import StoredPictures
from compose.data.counter_random import Dice
from compose.data.normalisation import Normalisation

Move = Literal["crop", "flip", "none"]


class Photographs(StoredPictures):
    """A split of photographs in memory.

    Args:
        pictures: the pictures, from 0 to 255.
        classes: the class of each.
        count: how many classes there are in all splits.
        normalisation: of the pixels.
        augment: what is done at random.
        seed: of that.
    """

    def __init__(
        self,
        pictures: UInt8[Tensor, "n 3 h w"],
        classes: NDArray[np.int64],
        *,
        count: int,
        normalisation: Normalisation,
        augment: Move,
        seed: int,
    ) -> None:
        super().__init__(pictures, classes, count=count)
        self._normalisation, self._augment, self._seed = normalisation, augment, seed

    def images(self, rows: NDArray[np.int64], indices: Sequence[int]) -> Float32[Tensor, "b 3 h w"]:
        """The pictures of a batch, normalised; those of training perhaps moved and flipped."""
        images = super().images(rows, indices)
        if self._augment != "none":
            chance = Dice((self._seed,), indices).uniform(3)
            images = moved(images, chance[:, :2]) if self._augment == "crop" else images
            flipped = torch.from_numpy(chance[:, 2] < 0.5)
            images[flipped] = images[flipped].flip(-1)
        return self._normalisation.pixels(images)


def moved(images: Float32[Tensor, "b c h w"], chance: NDArray[np.float64], *, by: int = 4) -> Tensor:
    """Each picture moved down and right by up to ``by`` pixels either way; what comes in is black."""
    height, width = images.shape[-2:]
    padded = torch.nn.functional.pad(images, (by,) * 4)
    top, left = torch.from_numpy((chance * (2 * by + 1)).astype(np.int64)).unbind(1)
    rows, columns = top[:, None] + torch.arange(height), left[:, None] + torch.arange(width)
    picture = torch.arange(len(images))[:, None, None]
    return rearrange(padded[picture, :, rows[:, :, None], columns[:, None, :]], "b h w c -> b c h w")
