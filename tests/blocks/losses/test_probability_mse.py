from __future__ import annotations

import pytest
import torch

from compose.blocks.losses.probability_mse import ProbabilityMse


@pytest.mark.usefixtures("double")
def test_same_as_the_sum(same):
    scores, posterior = torch.randn(2, 3, requires_grad=True), torch.rand(2, 3)

    def slow():
        pairs = zip(scores.flatten(), posterior.flatten(), strict=True)
        return sum((1 / (1 + (-score).exp()) - p) ** 2 for score, p in pairs) / 6

    same(lambda: ProbabilityMse()(scores, posterior), slow, [scores])


def test_the_classifier_gets_no_gradient():
    scores, posterior = torch.randn(2, 3, requires_grad=True), torch.rand(2, 3, requires_grad=True)
    ProbabilityMse()(scores, posterior).backward()
    assert posterior.grad is None


def test_half_precision_is_summed_in_single():
    assert ProbabilityMse()(torch.randn(2, 3).bfloat16(), torch.rand(2, 3)).dtype == torch.float32
