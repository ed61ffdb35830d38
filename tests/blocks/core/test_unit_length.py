from __future__ import annotations

import pytest
import torch
from torch.func import grad

from compose.blocks.core.unit_length import unit_length


@pytest.mark.usefixtures("double")
def test_over_the_norm(same):
    x = torch.randn(2, 3, 4, requires_grad=True)
    rows = [row / sum(entry**2 for entry in row) ** 0.5 for row in x.flatten(0, 1)]
    same(lambda: unit_length(x), lambda: torch.stack(rows).view(2, 3, 4), [x])


def test_derivatives_of_a_vector_of_zeros():
    def loss(x):
        return unit_length(x) @ torch.tensor([1.0, 2.0])

    x = torch.zeros(2)
    assert unit_length(x).equal(x)
    assert grad(loss)(x).abs().max() < 10
    assert grad(lambda x: grad(loss)(x).square().sum())(x).isfinite().all()


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_norms_in_single_precision(dtype):
    """The square of 1e-4 is no number of half precision, and neither is that of 1e4."""
    for size in (1e-4, 1e4):
        found = unit_length(torch.full((4,), size, dtype=dtype))
        torch.testing.assert_close(found, torch.full((4,), 0.5, dtype=dtype))
