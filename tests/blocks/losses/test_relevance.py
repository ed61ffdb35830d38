from __future__ import annotations

import pytest
import torch

from compose.blocks.losses.relevance import Relevance


@pytest.mark.usefixtures("double")
def test_equation_8(same):
    scores, regions = (torch.randn(4, 6, requires_grad=True) for _ in range(2))
    targets = torch.randint(-1, 2, (4, 6), dtype=torch.int8)
    targets[0] = 0

    def slow():
        total = 0
        for image in range(4):
            for label in range(6):
                lost = (regions[image, label] - scores[image, label]) * targets[image, label].item()
                total = total + (lost if lost > 0 else 0)
        return total / 4

    same(lambda: Relevance()(scores, regions, targets), slow, [scores, regions])


def test_present_labels_shall_score_higher_and_absent_ones_lower():
    regions, targets = torch.zeros(1, 3), torch.tensor([[1, -1, 0]], dtype=torch.int8)
    assert Relevance()(torch.tensor([[2.0, -2.0, 5.0]]), regions, targets) == 0
    assert Relevance()(torch.tensor([[-2.0, 3.0, 5.0]]), regions, targets) == 5


def test_half_precision_is_summed_in_single():
    scores, targets = torch.randn(2, 300).bfloat16(), torch.ones(2, 300, dtype=torch.int8)
    loss = Relevance()(scores, -scores, targets)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, Relevance()(scores.float(), -scores.float(), targets))


def test_the_released_sum_over_the_images():
    scores, regions = torch.randn(4, 6), torch.randn(4, 6)
    targets = torch.randint(-1, 2, (4, 6), dtype=torch.int8)
    mean, total = (Relevance(reduction=form)(scores, regions, targets) for form in ("mean", "sum"))
    torch.testing.assert_close(total, 4 * mean)
