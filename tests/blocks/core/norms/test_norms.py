"""Layer, batch and group norm, written out."""

from __future__ import annotations

from itertools import product

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.norms.batch_norm import BatchNorm
from compose.blocks.core.norms.group_norm import GroupNorm
from compose.blocks.core.norms.layer_norm import LayerNorm

pytestmark = pytest.mark.usefixtures("double")
EPS = 1e-3


def standard(values):
    mean = values.mean()
    return (values - mean) / ((values - mean).square().mean() + EPS).sqrt()


def randomise(block):
    for parameter in block.parameters():
        torch.nn.init.normal_(parameter)
    return block


@pytest.mark.parametrize(
    ("shape", "dims", "axis", "place"), [((2, 3, 4), "... d", "d", 2), ((2, 3, 4, 2), "b c h w", "c", 1)]
)
def test_layer_norm(same, shape, dims, axis, place):
    x = torch.randn(shape, requires_grad=True)
    block = randomise(LayerNorm(shape, dims=dims, axis=axis, eps=EPS))

    def slow():
        last = x.movedim(place, -1)
        rows = [standard(row) * block.layer.weight + block.layer.bias for row in last.reshape(-1, last.shape[-1])]
        return torch.stack(rows).view(last.shape).movedim(-1, place)

    same(lambda: block(x), slow, [x, *block.parameters()])


@pytest.mark.parametrize("length", [4, 7])
def test_layer_norm_without_learned_numbers_serves_any_length(same, length):
    x = torch.randn(2, length, requires_grad=True)
    block = LayerNorm((2, 4), dims="b l", axis="l", eps=EPS, affine=False)
    same(lambda: block(x), lambda: torch.stack([standard(row) for row in x]), [x])


@pytest.mark.parametrize(
    ("shape", "dims", "axis", "place"),
    [
        ((5, 3), "b d ...", "d", 1),
        ((5, 3, 4, 2), "b d ...", "d", 1),
        ((5, 4, 3), "... d", "d", 2),
        ((3, 5), "d b", "d", 0),
    ],
)
def test_batch_norm(same, shape, dims, axis, place):
    x = torch.randn(shape, requires_grad=True)
    block = randomise(BatchNorm(shape, dims=dims, axis=axis, eps=EPS, momentum=0.3))

    def slow():
        parts = x.unbind(place)
        weights = zip(parts, block.layer.weight, block.layer.bias, strict=True)
        return torch.stack([standard(part) * weight + bias for part, weight, bias in weights], place)

    same(lambda: block(x), slow, [x, *block.parameters()])
    means = torch.stack([part.mean() for part in x.unbind(place)])
    fresh = BatchNorm(shape, dims=dims, axis=axis, momentum=0.3)
    fresh(x)
    torch.testing.assert_close(fresh.layer.running_mean, 0.3 * means)
    plain = BatchNorm(shape, dims=dims, axis=axis, affine=False).eval()
    torch.testing.assert_close(plain(x), x, rtol=1e-4, atol=1e-4)
    assert list(plain.parameters()) == []


@pytest.mark.parametrize(
    ("shape", "dims", "place"), [((2, 4, 3, 2), "b d ...", 1), ((2, 3, 4), "b n d", 2), ((2, 4), "b d", 1)]
)
def test_group_norm(same, shape, dims, place):
    x = torch.randn(shape, requires_grad=True)
    block = randomise(GroupNorm(shape, groups=2, dims=dims, eps=EPS))

    def slow():
        channels = x.movedim(place, 1)
        result = torch.empty_like(channels)
        for image, group in product(range(2), range(2)):
            result[image, 2 * group : 2 * group + 2] = standard(channels[image, 2 * group : 2 * group + 2])
        scaled = [
            part * w + b for part, w, b in zip(result.unbind(1), block.layer.weight, block.layer.bias, strict=True)
        ]
        return torch.stack(scaled, 1).movedim(1, place)

    same(lambda: block(x), slow, [x, *block.parameters()])


def test_what_is_refused():
    with pytest.raises(BlockError, match="expected a number that divides 4 channels, got 3"):
        GroupNorm((2, 4), groups=3)
    with pytest.raises(BlockError, match="expected several numbers in a group, got one in each of 4"):
        GroupNorm((2, 4, 1), groups=4)
    with pytest.raises(BlockError, match='the first dim of "d b" counts the examples, and is no axis'):
        GroupNorm((4, 2), groups=2, dims="d b")
    with pytest.raises(BlockError, match='"b c h w" does not fit a tensor of 2 × 4'):
        LayerNorm((2, 4), dims="b c h w", axis="c")


def test_one_entry_has_no_variance():
    block = BatchNorm((1, 4))
    with pytest.raises(BlockError, match="expected more than one entry of each channel while training, got one"):
        block(torch.zeros(1, 4))
    assert block.eval()(torch.zeros(1, 4)).shape == (1, 4)
