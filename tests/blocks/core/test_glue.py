from __future__ import annotations

import torch

from compose.blocks.core.global_pool import GlobalPool
from compose.blocks.core.layers.linear import Linear
from compose.blocks.core.layout.concat import Concat
from compose.blocks.core.mlp import Mlp


def test_global_pool():
    maps = torch.randn(2, 3, 4, 5)
    torch.testing.assert_close(GlobalPool()(maps), maps.mean((2, 3)))
    torch.testing.assert_close(GlobalPool(kind="max")(maps), maps.amax((2, 3)))


def test_linear_keeps_the_axes_before_the_last():
    block = Linear(4, size=6)
    x = torch.randn(2, 3, 4)
    torch.testing.assert_close(block(x), x @ block.layer.weight.T + block.layer.bias)
    assert Linear(4, size=6, bias=False).layer.bias is None


def test_mlp_has_an_activation_between_two_layers_and_none_behind_the_last():
    block = Mlp(4, sizes=[5, 6], activation="tanh", dropout=0.5).eval()
    first, second = block.layers[0], block.layers[-1]
    x = torch.randn(2, 3, 4)
    torch.testing.assert_close(block(x), second(torch.tanh(first(x))))
    assert len(Mlp(4, sizes=[5]).layers) == 1


def test_concat():
    first, second = torch.randn(2, 3), torch.randn(2, 1)
    assert Concat()([first, second]).equal(torch.cat([first, second], 1))
