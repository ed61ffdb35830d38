"""More entries than an axis has are refused at the parameter that asks for them."""

from __future__ import annotations

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.layout.top_k_mean import TopKMean


def test_the_parameter_is_named() -> None:
    with pytest.raises(BlockError, match="expected 4 at most, as many as the axis has entries, got 5") as caught:
        TopKMean(k=5)(torch.zeros(2, 3, 4))
    assert caught.value.parameter == "k"
