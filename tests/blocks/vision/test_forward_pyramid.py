from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from compose.block import BlockError
from compose.blocks.vision.forward_pyramid import ForwardPyramid


def slow(block, maps, size):
    """One image, channel and place at a time."""
    levels = []
    for (convolution, norm, _), level in zip(block.levels, maps, strict=True):
        features = torch.einsum("oi,bihw->bohw", convolution.weight[:, :, 0, 0], level)
        mean, variance = features.mean((0, 2, 3)), features.var((0, 2, 3), correction=0)
        scale = norm.weight / (variance + norm.eps).sqrt()
        features = (features - mean[:, None, None]) * scale[:, None, None] + norm.bias[:, None, None]
        levels.append(F.max_pool2d(features.clamp(min=0), level.shape[-1] // size))
    features = torch.cat(levels, 1)
    merged = torch.einsum("oi,bihw->bohw", block.merge.weight[:, :, 0, 0], features)
    return merged + block.merge.bias[:, None, None]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("sizes", [(8, 4, 2), (2,), (2, 2)])
def test_levels_meet_at_the_smallest_size(same, sizes):
    channels = [3, 4, 5][: len(sizes)]
    block = ForwardPyramid(channels, 3, groups=2, level_channels=[2, 3, 4][: len(sizes)])
    maps = [torch.randn(3, c, s, s, requires_grad=True) for c, s in zip(channels, sizes, strict=True)]
    for _, norm, _ in block.levels:
        torch.nn.init.normal_(norm.weight)
    same(lambda: block(maps, torch.zeros(5, 3)), lambda: slow(block, maps, 2), [*maps, *block.parameters()])


@pytest.mark.parametrize(
    ("levels", "expected"), [(3, [512, 512, 1024]), (1, [1024]), (2, [512, 1024]), (4, [512, 512, 512, 1024])]
)
def test_default_channels(levels, expected):
    block = ForwardPyramid([8] * levels, 4)
    assert [convolution.out_channels for convolution, *_ in block.levels] == expected


def test_sizes_that_do_not_divide():
    block = ForwardPyramid([3, 3], 2, groups=2, level_channels=[2, 2])
    assert block([torch.randn(2, 3, 7, 9), torch.randn(2, 3, 3, 4)], torch.zeros(5, 2)).shape == (2, 4, 3, 4)


def test_channels_for_each_level():
    with pytest.raises(BlockError, match="each of the 3 levels, got 2") as raised:
        ForwardPyramid([8, 8, 8], 4, level_channels=[2, 2])
    assert raised.value.parameter == "level_channels"
