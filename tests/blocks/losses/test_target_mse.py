from __future__ import annotations

import pytest
import torch

from compose.blocks.losses.target_mse import TargetMse


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("shape", [(4, 6), (2, 3, 5)])
def test_same_as_the_sum(same, shape):
    scores = torch.rand(shape, requires_grad=True)
    targets = torch.randint(-1, 2, shape, dtype=torch.int8)

    def slow():
        known = [(s, t) for s, t in zip(scores.flatten(), targets.flatten().tolist(), strict=True) if t != 0]
        return sum((s - (1 if t == 1 else 0)) ** 2 for s, t in known) / len(known)

    same(lambda: TargetMse()(scores, targets), slow, [scores])


def test_nothing_known_no_loss():
    scores = torch.rand(2, 3, requires_grad=True)
    loss = TargetMse()(scores, torch.zeros(2, 3, dtype=torch.int8))
    loss.backward()
    assert loss == 0
    assert scores.grad.abs().sum() == 0


def test_half_precision_is_summed_in_single():
    scores, targets = torch.rand(2, 300).bfloat16(), torch.ones(2, 300, dtype=torch.int8)
    loss = TargetMse()(scores, targets)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, TargetMse()(scores.float(), targets))
