from __future__ import annotations

import math

import pytest
import torch

from compose.blocks.core.sigmoid import Sigmoid


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("shape", [(5,), (4, 5), (2, 3, 5)])
def test_probabilities(same, shape):
    logits = torch.randn(shape, requires_grad=True)
    slow = [1 / (1 + (-logit).exp()) for logit in logits.flatten()]
    same(lambda: Sigmoid()(logits), lambda: torch.stack(slow).view(shape), [logits])


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_logits_that_differ_stay_apart(dtype):
    found = Sigmoid()(torch.tensor([[9.0, 10.0, 11.0]], dtype=dtype))
    expected = torch.tensor([[1 / (1 + math.exp(-logit)) for logit in (9, 10, 11)]])
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, expected)
