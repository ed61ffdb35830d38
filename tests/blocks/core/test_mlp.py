from __future__ import annotations

from itertools import permutations

import pytest
import torch
from torch import nn

from compose.block import BlockError
from compose.blocks.core.mlp import Mlp
from compose.blocks.core.norms.batch_norm import BatchNorm


def test_an_activation_between_two_layers_and_none_behind_the_last():
    block = Mlp(4, sizes=[5, 6], activation="tanh", dropout=0.5).eval()
    first, second = block.layers[0], block.layers[-1]
    x = torch.randn(2, 3, 4)
    torch.testing.assert_close(block(x), second(torch.tanh(first(x))))
    assert len(Mlp(4, sizes=[5]).layers) == 1


@pytest.mark.parametrize("order", list(permutations(("norm", "activation", "dropout"))))
@pytest.mark.parametrize(("norm", "kind"), [("layer", nn.LayerNorm), ("batch", BatchNorm)])
def test_what_stands_between_two_layers(order, norm, kind):
    block = Mlp(4, sizes=[5, 6], norm=norm, order=order, bias=False, eps=1e-3, dropout=0.1)
    names = {kind: "norm", nn.ReLU: "activation", nn.Dropout: "dropout"}
    assert tuple(names[type(layer)] for layer in block.layers[1:-1]) == order
    assert block.layers[0].bias is None
    (found,) = [layer for layer in block.layers if isinstance(layer, kind)]
    assert (found if norm == "layer" else found.layer).eps == 1e-3
    assert block(torch.randn(2, 3, 4)).shape == (2, 3, 6)


def test_an_order_that_lacks_something():
    with pytest.raises(BlockError, match="expected norm, activation and dropout, each once, got norm, norm, dropout"):
        Mlp(4, sizes=[5], order=("norm", "norm", "dropout"))
