"""Cosines and distances, pair by pair."""

from __future__ import annotations

import pytest
import torch
from torch.func import hessian

from compose.block import BlockError
from compose.blocks.core.similarity.cosine_similarity import CosineSimilarity
from compose.blocks.core.similarity.vector_distance import VectorDistance

pytestmark = pytest.mark.usefixtures("double")
BLOCKS = {
    "cosine": (CosineSimilarity(), lambda x, y: (x @ y) / ((x @ x) * (y @ y)).sqrt()),
    "euclidean": (VectorDistance(), lambda x, y: ((x - y) @ (x - y)).sqrt()),
    "squared": (VectorDistance(kind="squared"), lambda x, y: (x - y) @ (x - y)),
}


@pytest.mark.parametrize("name", BLOCKS)
@pytest.mark.parametrize("leading", [(), (3,), (2, 3)])
@pytest.mark.parametrize("own", [True, False])
def test_every_pair(same, name, leading, own):
    block, pair = BLOCKS[name]
    first = torch.randn(*leading, 4, requires_grad=True)
    second = torch.randn(*(leading if own else ()), 5, 4, requires_grad=True)

    def slow():
        others = second.expand(*leading, 5, 4).reshape(-1, 5, 4)
        rows = [[pair(x, y) for y in other] for x, other in zip(first.reshape(-1, 4), others, strict=True)]
        return torch.stack([torch.stack(row) for row in rows]).view(*leading, 5)

    same(lambda: block(first, second), slow, [first, second])


@pytest.mark.parametrize("name", BLOCKS)
def test_vectors_of_zeros_and_twice_the_same(name):
    first = torch.tensor([[0.0, 0.0], [1.0, 2.0]], requires_grad=True)
    block, _ = BLOCKS[name]
    block(first, first.detach()).sum().backward()
    assert first.grad.isfinite().all()
    other = torch.randn(2, 2)
    assert hessian(lambda x: block(x, other).sum())(torch.zeros(2, 2)).isfinite().all()


def test_the_distance_of_a_vector_from_itself_is_none():
    x = torch.arange(24.0).view(6, 4)
    for kind in ("euclidean", "squared"):
        found = VectorDistance(kind=kind)(x, x)
        assert torch.equal(found.diagonal(), torch.zeros(6))


def test_distances_of_large_vectors_in_half_precision():
    x, y = torch.full((1, 4), 300.0, dtype=torch.float16), torch.zeros(1, 4, dtype=torch.float16)
    assert VectorDistance()(x, y).item() == 600
    assert VectorDistance()(x, y).dtype == torch.float32


@pytest.mark.parametrize("name", BLOCKS)
def test_leading_dims_that_differ(name):
    with pytest.raises(BlockError, match="expected at `second` vectors m × d, or 2 × 3 × m × d, got 2 × 5 × 4"):
        BLOCKS[name][0](torch.zeros(2, 3, 4), torch.zeros(2, 5, 4))
