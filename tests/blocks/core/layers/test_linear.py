from __future__ import annotations

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.layers.linear import Linear

pytestmark = pytest.mark.usefixtures("double")


@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
def test_every_row(same, leading):
    block, x = Linear(4, size=3), torch.randn(*leading, 4, requires_grad=True)

    def slow():
        rows = [block.layer.weight @ row + block.layer.bias for row in x.reshape(-1, 4)]
        return torch.stack(rows).view(*leading, 3)

    same(lambda: block(x), slow, [x, *block.parameters()])
    assert Linear(4, size=6, bias=False).layer.bias is None


@pytest.mark.parametrize("like", [torch.zeros(7, 3), torch.arange(3), torch.zeros(2, 5, 3, dtype=torch.int8)])
def test_the_size_of_another_tensor(like):
    block, x = Linear(4, like.shape[-1]), torch.randn(2, 4)
    torch.testing.assert_close(block(x, like), x @ block.layer.weight.T + block.layer.bias)
    assert block(x, like).shape == (2, 3)


def test_the_same_numbers_as_a_convolution_of_one_place():
    """So that maps that become tokens start as those that are convolved."""
    torch.manual_seed(0)
    convolution = torch.nn.Conv2d(4, 3, 1)
    torch.manual_seed(0)
    layer = Linear(4, size=3).layer
    assert layer.weight.equal(convolution.weight[:, :, 0, 0])
    assert layer.bias.equal(convolution.bias)


@pytest.mark.parametrize(
    ("sizes", "told"), [({}, "neither is there"), ({"wanted": 3, "size": 5}, "got 5, and 3 by `like`")]
)
def test_one_of_the_two(sizes, told):
    with pytest.raises(BlockError, match=f"expected `size: ...`, or a tensor at `like` of that size: {told}"):
        Linear(4, **sizes)
