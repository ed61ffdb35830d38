from __future__ import annotations

import pytest
import torch

from compose.blocks.scoring.class_posterior import ClassPosterior

CLASSES = torch.tensor([2, -1, 0, 1, -1])
VECTORS = torch.randn(3, 4)


def slow(logits):
    rows = []
    for image in logits:
        total = sum(score.exp() for score, place in zip(image, CLASSES, strict=True) if place >= 0)
        rows.append(torch.stack([image[CLASSES.tolist().index(place)].exp() / total for place in range(3)]))
    return torch.stack(rows)


@pytest.mark.usefixtures("double")
def test_a_softmax_over_the_classes_that_have_a_node(same):
    logits = torch.randn(2, 5, requires_grad=True)
    same(lambda: ClassPosterior()(logits, CLASSES, VECTORS), lambda: slow(logits), [logits])


def test_left_out_classes_get_no_gradient_however_high():
    logits = torch.tensor([[1.0, 1e4, 2.0, 3.0, 1e4]], requires_grad=True)
    ClassPosterior()(logits, CLASSES, VECTORS)[0, 0].backward()
    assert logits.grad.isfinite().all()
    assert logits.grad[0, [1, 4]].eq(0).all()
    assert logits.grad[0, [0, 2, 3]].ne(0).all()


def test_no_node_at_all():
    logits = torch.randn(2, 5, requires_grad=True)
    posterior = ClassPosterior()(logits, torch.full((5,), -1), VECTORS[:0])
    posterior.sum().backward()
    assert posterior.shape == (2, 0)
    assert logits.grad.eq(0).all()


def test_single_precision_at_least():
    assert ClassPosterior()(torch.randn(2, 5).bfloat16(), CLASSES, VECTORS).dtype == torch.float32
