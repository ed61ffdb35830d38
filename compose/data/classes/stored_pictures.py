"""Splits whose pictures are kept in memory, decoded, as bytes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float32, UInt8
from numpy.typing import NDArray
from torch import Tensor

from compose.data.classes.single_label import ClassExamples


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
