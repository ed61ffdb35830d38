from __future__ import annotations

from itertools import permutations

import pytest
import torch
from torch import nn

from compose.block import BlockError
from compose.blocks.core.layers.convolution import Convolution

IMAGES, INPUTS, CHANNELS, HEIGHT, WIDTH = 2, 3, 4, 3, 5


def slow(block, maps, kernel):
    """Without norm and activation; places outside of the map are 0."""
    weight, bias = block.layers[-1].weight, block.layers[-1].bias
    before = (kernel - 1) // 2
    results = []
    for image in maps:
        for y in range(HEIGHT):
            for x in range(WIDTH):
                result = bias
                for i in range(kernel):
                    for j in range(kernel):
                        row, column = y + i - before, x + j - before
                        if 0 <= row < HEIGHT and 0 <= column < WIDTH:
                            result = result + weight[:, :, i, j] @ image[:, row, column]
                results.append(result)
    return torch.stack(results).view(IMAGES, HEIGHT, WIDTH, CHANNELS).permute(0, 3, 1, 2)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
def test_keeps_the_size(same, kernel):
    block = Convolution(INPUTS, channels=CHANNELS, kernel=kernel, norm="none", activation="none")
    maps = torch.randn(IMAGES, INPUTS, HEIGHT, WIDTH, requires_grad=True)
    same(lambda: block(maps), lambda: slow(block, maps, kernel), [maps, *block.parameters()])


def test_batch_norm_and_activation():
    maps = torch.randn(4, INPUTS, 6, 6)
    normed = Convolution(INPUTS, channels=CHANNELS, activation="none")(maps)
    torch.testing.assert_close(normed.mean((0, 2, 3)), torch.zeros(CHANNELS), atol=1e-5, rtol=0)
    torch.testing.assert_close(normed.var((0, 2, 3), correction=0), torch.ones(CHANNELS), atol=1e-3, rtol=0)
    block = Convolution(INPUTS, channels=CHANNELS)
    assert block(maps).min() == 0
    assert [name for name, _ in block.named_parameters()] == ["layers.0.weight", "layers.1.weight", "layers.1.bias"]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(
    ("options", "plain"),
    [
        ({"kernel": 3, "stride": 2, "padding": 0}, {"kernel_size": 3, "stride": 2}),
        ({"kernel": 3, "stride": (1, 2), "padding": (2, 0)}, {"kernel_size": 3, "stride": (1, 2), "padding": (2, 0)}),
        ({"kernel": (1, 3), "groups": 2}, {"kernel_size": (1, 3), "padding": (0, 1), "groups": 2}),
        ({"kernel": 3, "dilation": 2}, {"kernel_size": 3, "dilation": 2, "padding": 2}),
        ({"kernel": 7, "stride": 2}, {"kernel_size": 7, "stride": 2, "padding": 3}),
    ],
)
def test_like_a_plain_one(same, options, plain):
    block = Convolution(4, channels=6, norm="none", activation="none", **options)
    layer = nn.Conv2d(4, 6, **plain)
    layer.load_state_dict(block.layers[0].state_dict())
    maps = torch.randn(2, 4, 9, 8, requires_grad=True)
    same(lambda: block(maps), lambda: layer(maps), [maps])


@pytest.mark.parametrize("order", list(permutations(("conv", "norm", "activation"))))
def test_order(order):
    block = Convolution(4, channels=6, order=order, bias=True)
    kinds = {nn.Conv2d: "conv", nn.BatchNorm2d: "norm", nn.ReLU: "activation"}
    assert tuple(kinds[type(layer)] for layer in block.layers) == order
    assert block(torch.randn(2, 4, 5, 5)).shape == (2, 6, 5, 5)


def test_options_reach_their_layers():
    block = Convolution(4, channels=6, eps=1e-3, momentum=0.01, activation="silu", dropout=0.2)
    convolution, norm, activation, dropout = block.layers
    assert (convolution.bias, norm.eps, norm.momentum, type(activation), dropout.p) == (None, 1e-3, 0.01, nn.SiLU, 0.2)
    grouped = Convolution(4, channels=6, norm="group", norm_groups=3, eps=1e-3).layers[1]
    assert (type(grouped), grouped.num_groups, grouped.eps) == (nn.GroupNorm, 3, 1e-3)
    assert Convolution(4, channels=6, norm="none").layers[0].bias is not None
    assert Convolution(4, channels=6, bias=True).layers[0].bias is not None
    assert Convolution(4, channels=6, order=("norm", "activation", "conv")).layers[2].bias is not None


@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
def test_any_dims_before_the_map(leading):
    block = Convolution(4, channels=6, norm="none")
    maps = torch.randn(*leading, 4, 5, 6)
    torch.testing.assert_close(block(maps).flatten(), block(maps.reshape(-1, 4, 5, 6)).flatten())
    assert block(maps).shape == (*leading, 6, 5, 6)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"groups": 3}, "expected a number that divides 4 channels, and 6 afterwards, got 3"),
        ({"norm": "group", "norm_groups": 4}, "expected a number that divides 6 channels, got 4"),
        ({"order": ("conv", "conv", "norm")}, "expected conv, norm and activation, each once, got conv, conv, norm"),
    ],
)
def test_what_is_refused(options, message):
    with pytest.raises(BlockError, match=message):
        Convolution(4, channels=6, **options)
