from __future__ import annotations

import math

import pytest
import torch

from compose.blocks.losses.bce import Bce


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("positive_weight", [1.0, 3.0])
def test_known_targets_only(same, positive_weight):
    scores = torch.randn(3, 5, requires_grad=True)
    targets = torch.randint(-1, 2, (3, 5), dtype=torch.int8)

    def slow():
        terms = []
        for score, target in zip(scores.flatten(), targets.flatten().tolist(), strict=True):
            probability = 1 / (1 + (-score).exp())
            if target == 1:
                terms.append(-positive_weight * probability.log())
            if target == -1:
                terms.append(-(1 - probability).log())
        return sum(terms) / len(terms)

    same(lambda: Bce(positive_weight=positive_weight)(scores, targets), slow, [scores])


def test_nothing_known():
    scores = torch.randn(2, 3, requires_grad=True)
    loss = Bce()(scores, torch.zeros(2, 3, dtype=torch.int8))
    loss.backward()
    assert loss == 0
    assert scores.grad.abs().sum() == 0


def test_extreme_scores_stay_finite():
    scores = torch.tensor([[1e4, -1e4]], requires_grad=True)
    loss = Bce()(scores, torch.tensor([[-1, 1]], dtype=torch.int8))
    loss.backward()
    assert math.isclose(loss.item(), 1e4)
    assert scores.grad.isfinite().all()
