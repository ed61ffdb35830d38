from __future__ import annotations

import pytest
import torch

from compose.blocks.losses.warp import Warp
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


def weight(rank):
    return sum(1 / place for place in range(1, rank + 1))


def violating(scores, targets, label, margin):
    """The absent labels that violate the margin to a present one, from the highest to the lowest."""
    absent = [other for other in range(len(scores)) if targets[other] == -1]
    found = [other for other in absent if margin + scores[other] > scores[label]]
    return sorted(found, key=lambda other: -scores[other].item()), len(absent)


def slow_exact(scores, targets, margin):
    total = 0 * scores.sum()
    for label in range(len(scores)):
        found, _ = violating(scores, targets, label, margin) if targets[label] == 1 else ([], 0)
        for other in found:
            total = total + weight(len(found)) / len(found) * (margin + scores[other] - scores[label])
    return total


def slow_sampled(scores, targets, margin, tried, picked):
    """Algorithm 1 of WSABIE for every present label; a draw tells when the first trial succeeds, another on what."""
    total, known = 0 * scores.sum(), int(targets.ne(0).sum())
    for label in range(len(scores)):
        found, absent = violating(scores, targets, label, margin) if targets[label] == 1 else ([], 0)
        if not found:
            continue
        trials = 1
        while 1 - (1 - len(found) / absent) ** trials <= tried[label] and trials < known:
            trials += 1
        if trials < known:
            other = found[int(picked[label] * len(found))]
            total = total + weight((known - 1) // trials) * (margin + scores[other] - scores[label])
    return total


def mean(images):
    images = list(images)
    return sum(images) / len(images)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("margin", [1.0, 0.25, 0.0])
@pytest.mark.parametrize("grid", [None, 0.25, 1.0])
def test_the_exact_rank(same, margin, grid):
    scores, targets = example(grid=grid)
    loss = Warp(margin=margin, rank="exact")
    same(
        lambda: loss(scores, targets),
        lambda: mean(slow_exact(*image, margin) for image in zip(scores, targets, strict=True)),
        [scores],
    )


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("margin", [1.0, 0.25])
@pytest.mark.parametrize("labels", [2, LABELS, 40])
@pytest.mark.parametrize("seed", range(4))
def test_algorithm_1(same, margin, labels, seed):
    scores, targets = example(labels=labels)

    def fast():
        torch.manual_seed(seed)
        return Warp(margin=margin)(scores, targets)

    def slow():
        torch.manual_seed(seed)
        draws = torch.rand(2, *scores.shape)
        rows = zip(scores, targets, *draws, strict=True)
        return mean(slow_sampled(image, target, margin, *drawn) for image, target, *drawn in rows)

    same(fast, slow, [scores])


def test_the_draws_are_those_of_labels_tried_one_after_the_other():
    """The rank's weight and the violating label, against a sampler that tries absent labels literally."""
    scores = torch.tensor([0.0, 0.5, -0.2, -1.7, -2.0, -3.0, -0.9])
    targets = torch.tensor([1, -1, -1, -1, -1, -1, -1], dtype=torch.int8)
    many = 20000
    batch = scores.expand(many, -1).clone().requires_grad_()
    Warp()(batch, targets.expand(many, -1)).backward()
    gradient = (batch.grad * many).sum(0) / many
    expected, dice = torch.zeros(len(scores)), torch.Generator().manual_seed(0)
    for row in torch.randint(1, len(scores), (many, len(scores) - 1), generator=dice):
        hit = (1 + scores[row] > scores[0]).nonzero()
        if len(hit):
            trials = int(hit[0]) + 1
            step = weight((len(scores) - 1) // trials) / many
            expected[row[trials - 1]] += step
            expected[0] -= step
    torch.testing.assert_close(gradient, expected, rtol=0, atol=0.03)


def test_in_evaluation_nothing_is_drawn():
    scores, targets = example()
    assert Warp().eval()(scores, targets) == Warp(rank="exact")(scores, targets)


def test_the_seed_decides():
    scores, targets = example(labels=60)
    found = []
    for seed in (0, 0, 1):
        torch.manual_seed(seed)
        found.append(Warp()(scores, targets).item())
    assert found[0] == found[1] != found[2]


@pytest.mark.usefixtures("double")
def test_derivatives():
    scores, targets = example()
    assert torch.autograd.gradcheck(lambda s: Warp(rank="exact")(s, targets), scores)


@pytest.mark.parametrize("rank", ["estimated", "exact"])
@pytest.mark.parametrize("value", [-1, 0, 1])
def test_no_pair_no_loss(rank, value):
    scores, targets = example()
    loss = Warp(rank=rank)(scores, torch.full_like(targets, value))
    loss.backward()
    assert loss == 0
    assert scores.grad.eq(0).all()


@pytest.mark.parametrize("rank", ["estimated", "exact"])
def test_margins_that_are_met_add_nothing(rank):
    scores = torch.tensor([[2.0, 1.0, 0.0]], requires_grad=True)
    loss = Warp(rank=rank)(scores, torch.tensor([[1, -1, -1]], dtype=torch.int8))
    loss.backward()
    assert loss == 0
    assert scores.grad.eq(0).all()


def test_unknown_labels_are_in_no_pair():
    scores = torch.tensor([[0.0, 100.0, -100.0, 0.5]], requires_grad=True)
    loss = Warp()(scores, torch.tensor([[1, 0, 0, -1]], dtype=torch.int8))
    loss.backward()
    assert loss == 1.5
    assert scores.grad.tolist() == [[-1, 0, 0, 1]]


@pytest.mark.parametrize("rank", ["estimated", "exact"])
def test_half_precision_is_summed_in_single(rank):
    scores, targets = example()
    half = scores.detach().bfloat16().requires_grad_()
    loss = Warp(rank=rank)(half, targets)
    loss.backward()
    assert loss.dtype == torch.float32
    assert half.grad.dtype == torch.bfloat16


@pytest.mark.parametrize("rank", ["estimated", "exact"])
def test_shapes_without_values(rank):
    with on_meta():
        scores, targets = torch.randn(6, LABELS, requires_grad=True), torch.ones(6, LABELS, dtype=torch.int8)
        loss = Warp(rank=rank)(scores, targets)
        loss.backward()
    assert loss.shape == ()
    assert scores.grad.shape == (6, LABELS)


@pytest.mark.parametrize("rank", ["estimated", "exact"])
def test_compiles_without_a_graph_break(rank):
    scores, targets = example()
    loss = Warp(rank=rank).eval()
    compiled = torch.compile(loss, backend="aot_eager", fullgraph=True)
    expected = torch.autograd.grad(loss(scores, targets), scores)
    torch.testing.assert_close(torch.autograd.grad(compiled(scores, targets), scores), expected)


@pytest.mark.usefixtures("double")
def test_transforms_of_torch_func():
    tasks = torch.randn(3, 4, LABELS)
    targets = torch.randint(-1, 2, (3, 4, LABELS), dtype=torch.int8)
    gradient = torch.func.grad(Warp(rank="exact"))
    together = torch.func.vmap(gradient)(tasks, targets)
    torch.testing.assert_close(together, torch.stack([gradient(s, t) for s, t in zip(tasks, targets, strict=True)]))
