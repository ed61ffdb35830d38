from __future__ import annotations

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.layout.concat import Concat
from compose.blocks.core.layout.top_k_mean import TopKMean

pytestmark = pytest.mark.usefixtures("double")


@pytest.mark.parametrize(("dims", "axis", "place"), [("... d", "d", 2), ("b c ...", "c", 1), ("b c h", "b", 0)])
def test_along_an_axis(same, dims, axis, place):
    shapes = [[2, 3, 4], [2, 3, 4]]
    shapes[1][place] = 1
    tensors = [torch.randn(shape, requires_grad=True) for shape in shapes]

    def slow():
        return torch.stack([part for tensor in tensors for part in tensor.unbind(place)], place)

    same(lambda: Concat(dims=dims, axis=axis)(tensors), slow, tensors)


def test_one_tensor_and_whole_numbers():
    assert Concat()([torch.tensor([1, 2])]).tolist() == [1, 2]
    assert Concat()([torch.tensor([1]), torch.tensor([2])]).tolist() == [1, 2]


def test_what_differs_elsewhere():
    message = 'tensors of 2 × 3, 3 × 3 differ in another axis than `d` of "... d"'
    with pytest.raises(BlockError, match=message):
        Concat()([torch.zeros(2, 3), torch.zeros(3, 3)])
    with pytest.raises(BlockError, match='"b c h w" does not fit a tensor of 2 × 3'):
        Concat(dims="b c h w", axis="c")([torch.zeros(2, 3)])


@pytest.mark.parametrize(("dims", "axis", "place"), [("... d", "d", 2), ("b c ...", "c", 1), ("b c h", "b", 0)])
def test_the_mean_of_the_largest(same, dims, axis, place):
    x = torch.randn(3, 4, 5, requires_grad=True)

    def slow():
        ordered = x.movedim(place, -1).sort(-1, descending=True).values
        return (ordered[..., 0] + ordered[..., 1]) / 2

    same(lambda: TopKMean(k=2, dims=dims, axis=axis)(x), slow, [x])


def test_more_than_there_are():
    with pytest.raises(BlockError, match="expected 3 at most, as many as the axis has entries, got 4"):
        TopKMean(k=4)(torch.zeros(2, 3))
