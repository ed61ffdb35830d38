from __future__ import annotations

import pytest
import torch
from torch.nn import functional as F

from compose.blocks.losses.cross_entropy import CrossEntropy

LABELS = 6


def example(images=6):
    targets = torch.randint(-1, 2, (images, LABELS), dtype=torch.int8)
    targets[0], targets[1], targets[2] = -1, 1, 0  # nothing present, nothing absent, nothing known
    targets[3] = torch.tensor([1] + [-1] * (LABELS - 1))
    return torch.randn(images, LABELS, requires_grad=True), targets


def slow(scores, targets):
    losses = []
    for image, labels in zip(scores, targets.tolist(), strict=True):
        total = sum(score.exp() for score, label in zip(image, labels, strict=True) if label != 0)
        present = [score for score, label in zip(image, labels, strict=True) if label == 1]
        if present:
            losses.append(sum(-(score.exp() / total).log() for score in present) / len(present))
    return sum(losses) / len(losses)


@pytest.mark.usefixtures("double")
def test_same_as_the_sums(same):
    scores, targets = example()
    same(lambda: CrossEntropy()(scores, targets), lambda: slow(scores, targets), [scores])


def test_one_present_label_is_the_usual_loss():
    scores, classes = torch.randn(4, LABELS), torch.tensor([0, 5, 2, 2])
    targets = (2 * F.one_hot(classes, LABELS) - 1).to(torch.int8)
    torch.testing.assert_close(CrossEntropy()(scores, targets), F.cross_entropy(scores, classes))


@pytest.mark.parametrize("value", [-1, 0])
def test_nothing_present_no_loss(value):
    scores, _ = example()
    loss = CrossEntropy()(scores, torch.full((6, LABELS), value, dtype=torch.int8))
    loss.backward()
    assert loss == 0
    assert scores.grad.abs().sum() == 0


def test_unknown_labels_get_no_gradient_however_high():
    scores = torch.tensor([[0.0, 1.0, 1e4]], requires_grad=True)
    loss = CrossEntropy()(scores, torch.tensor([[1, -1, 0]], dtype=torch.int8))
    loss.backward()
    torch.testing.assert_close(loss, F.softplus(torch.tensor(1.0)))
    assert scores.grad[0, 2] == 0


def test_half_precision_is_summed_in_single():
    scores, targets = example()
    assert CrossEntropy()(scores.bfloat16(), targets).dtype == torch.float32


def test_queries_of_episodes_count_like_images():
    scores, targets = torch.randn(3, 4, LABELS), torch.randint(-1, 2, (3, 4, LABELS), dtype=torch.int8)
    targets[0, 1] = -1
    expected = CrossEntropy()(scores.flatten(0, 1), targets.flatten(0, 1))
    torch.testing.assert_close(CrossEntropy()(scores, targets), expected)
