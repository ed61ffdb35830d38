"""A window that is larger than the map is told by the map's size, whatever stands before it."""

from __future__ import annotations

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.layers.pool import Pool


@pytest.mark.parametrize("leading", [(2,), (2, 3), (2, 3, 4)])
def test_the_size_of_the_map_is_told(leading: tuple[int, ...]) -> None:
    with pytest.raises(BlockError, match="a window of 7 × 7 does not fit a map of 5 × 6"):
        Pool(window=7)(torch.zeros(*leading, 5, 6))
