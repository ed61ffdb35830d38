from __future__ import annotations

import pytest
import torch

from compose.blocks.losses.variance import Variance


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("vectors", [2, 5])
def test_equation_11(same, vectors):
    semantics = torch.randn(3, vectors, 4, requires_grad=True)

    def slow():
        total = 0
        for image in semantics:
            mean = sum(image) / vectors
            total = total + sum(((row - mean) ** 2).sum() for row in image) / (vectors - 1)
        return total / len(semantics)

    same(lambda: Variance()(semantics), slow, [semantics])


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("across", ["vectors", "components"])
@pytest.mark.parametrize("reduction", ["sum", "mean"])
def test_both_readings_of_equation_11(same, across, reduction):
    semantics = torch.randn(3, 5, 4, requires_grad=True)

    def slow():
        measured = semantics if across == "vectors" else semantics.transpose(1, 2)  # variances of columns
        columns = [image[:, column].var() for image in measured for column in range(measured.shape[2])]
        return sum(columns) / (len(columns) if reduction == "mean" else len(semantics))

    same(lambda: Variance(across=across, reduction=reduction)(semantics), slow, [semantics])


def test_a_single_vector_has_no_variance():
    semantics = torch.randn(3, 1, 4, requires_grad=True)
    loss = Variance()(semantics)
    loss.backward()
    assert loss == 0
    assert semantics.grad.abs().sum() == 0


def test_half_precision_is_summed_in_single():
    semantics = torch.randn(8, 7, 300)
    half = Variance()(semantics.bfloat16())
    assert half.dtype == torch.float32
    torch.testing.assert_close(half, Variance()(semantics), rtol=1e-2, atol=0)
