from __future__ import annotations

import pytest
import torch

from compose.blocks.losses.margin_ranking import MarginRanking
from compose.model.meta import on_meta

LABELS = 9


def example(images=12, *, labels=LABELS, grid=None):
    """Scores and targets; on a grid there are ties, and pairs that meet the margin to the bit."""
    targets = torch.randint(-1, 2, (images, labels), dtype=torch.int8)
    targets[0], targets[1], targets[2] = -1, 1, 0  # nothing present, nothing absent, nothing known
    scores = torch.randn(images, labels)
    if grid is not None:
        scores = (scores / grid).round() * grid
    return scores.requires_grad_(), targets


def slow_image(scores, targets, margin, reduction):
    total, missed = 0 * scores.sum(), 0
    for present in scores[targets == 1]:
        for absent in scores[targets == -1]:
            missing = margin + absent - present
            if missing > 0:
                total, missed = total + missing, missed + 1
    return total / max(missed, 1) if reduction == "violations" else total


def slow(scores, targets, margin, reduction):
    images = [slow_image(*image, margin, reduction) for image in zip(scores, targets, strict=True)]
    return sum(images) / len(images)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("reduction", ["violations", "sum"])
@pytest.mark.parametrize("margin", [1.0, 0.25, 0.0])
@pytest.mark.parametrize("grid", [None, 0.25, 1.0])
def test_equation_13(same, reduction, margin, grid):
    scores, targets = example(grid=grid)
    loss = MarginRanking(margin=margin, reduction=reduction)
    same(lambda: loss(scores, targets), lambda: slow(scores, targets, margin, reduction), [scores])


@pytest.mark.parametrize(("margin", "present", "absent"), [(1.0, 3.0, 2.0), (0.5, -1.0, -1.5), (0.0, 2.0, 2.0)])
def test_a_margin_met_exactly_is_met(margin, present, absent):
    scores = torch.tensor([[present, absent, absent - 1, present - 1]], requires_grad=True)
    targets = torch.tensor([[1, -1, -1, 1]], dtype=torch.int8)
    for reduction in ("violations", "sum"):
        loss = MarginRanking(margin=margin, reduction=reduction)(scores, targets)
        assert loss == 1  # the last label's pair with the second; all others have the margin
        assert torch.autograd.grad(loss, scores)[0].tolist() == [[0, 1, 0, -1]]


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("reduction", ["violations", "sum"])
def test_derivatives(reduction):
    scores, targets = example()
    loss = MarginRanking(reduction=reduction)
    assert torch.autograd.gradcheck(lambda s: loss(s, targets), scores)
    assert torch.autograd.gradgradcheck(lambda s: loss(s, targets), scores)


def test_counts_the_pairs_that_single_precision_counts():
    """On tenths it is up to rounding whether a pair meets the margin."""
    scores, targets = example(labels=60, grid=0.1)
    gradient = torch.autograd.grad(MarginRanking(reduction="sum")(scores, targets), scores)[0] * 12
    missed = 1 + scores[:, :, None] - scores[:, None, :] > 0
    missed &= (targets < 0)[:, :, None] & (targets > 0)[:, None, :]
    torch.testing.assert_close(gradient, missed.sum(2).float() - missed.sum(1).float())


def test_a_shift_of_all_scores_costs_no_precision():
    scores, targets = example(labels=300, grid=2.0**-8)
    loss = MarginRanking(reduction="sum")
    expected = loss(scores.double(), targets).float()
    torch.testing.assert_close(loss(scores + 2.0**12, targets), expected, rtol=1e-6, atol=0)


def test_an_image_without_a_pair_counts_in_the_mean():
    scores, targets = torch.zeros(2, 2), torch.tensor([[1, -1], [0, 0]], dtype=torch.int8)
    assert MarginRanking()(scores, targets) == 0.5


@pytest.mark.parametrize("reduction", ["violations", "sum"])
@pytest.mark.parametrize("value", [-1, 0, 1])
def test_no_pair_no_loss(value, reduction):
    scores, targets = example()
    loss = MarginRanking(reduction=reduction)(scores, torch.full_like(targets, value))
    loss.backward()
    assert loss == 0
    assert scores.grad.eq(0).all()


def test_unknown_labels_are_in_no_pair():
    scores = torch.tensor([[0.0, 100.0, -100.0, 0.5]], requires_grad=True)
    loss = MarginRanking()(scores, torch.tensor([[1, 0, 0, -1]], dtype=torch.int8))
    loss.backward()
    assert loss == 1.5
    assert scores.grad.tolist() == [[-1, 0, 0, 1]]


@pytest.mark.filterwarnings("error")  # PyTorch's, that such a tensor is slow to search
def test_tensors_in_columns():
    scores, targets = example()
    turned = [tensor.detach().T.contiguous().T for tensor in (scores, targets)]  # the same numbers in another order
    assert MarginRanking()(*turned) == MarginRanking()(scores, targets)


def test_half_precision_is_summed_in_single():
    scores, targets = example()
    half = scores.detach().bfloat16().requires_grad_()
    loss = MarginRanking()(half, targets)
    loss.backward()
    assert loss.dtype == torch.float32
    assert half.grad.dtype == torch.bfloat16
    torch.testing.assert_close(loss, MarginRanking()(half.detach().float(), targets))


@pytest.mark.usefixtures("double")
def test_transforms_of_torch_func():
    tasks = torch.randn(3, 4, LABELS)
    targets = torch.randint(-1, 2, (3, 4, LABELS), dtype=torch.int8)
    gradient = torch.func.grad(MarginRanking())
    together = torch.func.vmap(gradient)(tasks, targets)
    torch.testing.assert_close(together, torch.stack([gradient(s, t) for s, t in zip(tasks, targets, strict=True)]))


def test_shapes_without_values():
    with on_meta():
        scores, targets = torch.randn(6, LABELS, requires_grad=True), torch.ones(6, LABELS, dtype=torch.int8)
        loss = MarginRanking()(scores, targets)
        loss.backward()
    assert loss.shape == ()
    assert scores.grad.shape == (6, LABELS)


def test_compiles_without_a_graph_break():
    scores, targets = example()
    compiled = torch.compile(MarginRanking(), backend="aot_eager", fullgraph=True)
    expected = torch.autograd.grad(MarginRanking()(scores, targets), scores)
    torch.testing.assert_close(torch.autograd.grad(compiled(scores, targets), scores), expected)
