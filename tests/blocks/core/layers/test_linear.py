from __future__ import annotations

import pytest
import torch

from compose.block import BlockError
from compose.blocks.core.layers.convolution import Convolution
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


@pytest.mark.parametrize("like", [torch.zeros(7, 3), torch.arange(3)])
def test_a_convolution_of_the_size_of_another_tensor(same, like):
    """One of single places is a linear layer of each place, with the same first numbers."""
    torch.manual_seed(0)
    layer = Linear(4, 3).layer
    torch.manual_seed(0)
    block = Convolution(4, 3, kernel=1, norm="none", activation="none")
    maps = torch.randn(2, 4, 3, 5, requires_grad=True)
    same(lambda: block(maps, like), lambda: layer(maps.movedim(1, -1)).movedim(-1, 1), [maps])
    with pytest.raises(BlockError, match=r"expected `channels: \.\.\.`, or a tensor at `like` of that size: neither"):
        Convolution(4)


@pytest.mark.parametrize(
    ("sizes", "told"), [({}, "neither is there"), ({"wanted": 3, "size": 5}, "got 5, and 3 by `like`")]
)
def test_one_of_the_two(sizes, told):
    with pytest.raises(BlockError, match=f"expected `size: ...`, or a tensor at `like` of that size: {told}"):
        Linear(4, **sizes)
