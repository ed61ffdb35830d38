from __future__ import annotations

import pytest
import torch

from compose.blocks.losses import pairs
from compose.blocks.losses.pairs import pairwise_softplus
from compose.blocks.losses.ranknet import RankNet
from compose.model.meta import on_meta

LABELS, DIM = 9, 4


def example(images=6):
    targets = torch.randint(-1, 2, (images, LABELS), dtype=torch.int8)
    targets[0], targets[1], targets[2] = -1, 1, 0  # nothing present, nothing absent, nothing known
    targets[3] = torch.tensor([1] + [-1] * (LABELS - 1))  # a single positive: no variance
    return torch.randn(images, LABELS, requires_grad=True), targets, torch.randn(LABELS, DIM)


def slow_difficulty(present, vectors, difficulty):
    if difficulty == "variance" and len(present) > 1:
        return sum(vectors[present, component].var() for component in range(DIM))
    if difficulty == "within":
        return sum(vectors[label].var() for label in present)
    return 0.0


def slow_image(scores, targets, vectors, difficulty="variance", reduction="pairs", unknown="left_out"):
    present = [i for i, target in enumerate(targets.tolist()) if target == 1]
    absent = [i for i, target in enumerate(targets.tolist()) if target == -1 or (target == 0 and unknown == "absent")]
    if not present or not absent:
        return 0 * scores.sum()
    total = sum(torch.log(1 + torch.exp(scores[n] - scores[p])) for n in absent for p in present)
    pairs = len(present) * (len(absent) if reduction == "pairs" else 1)
    return (1 + slow_difficulty(present, vectors, difficulty)) * total / pairs


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"difficulty": "none"},
        {"difficulty": "within"},
        {"reduction": "positives"},
        {"unknown": "absent"},
        {"difficulty": "within", "reduction": "positives", "unknown": "absent"},
    ],
    ids=str,
)
@pytest.mark.parametrize("chunk", [1, 20, 1 << 18])
def test_equations_8_to_10(same, monkeypatch, options, chunk):
    monkeypatch.setattr(pairs, "CHUNK", chunk)
    scores, targets, vectors = example()

    def slow():
        images = zip(scores, targets, strict=True)
        return sum(slow_image(*image, vectors, **options) for image in images) / len(scores)

    same(lambda: RankNet(**options)(scores, targets, vectors), slow, [scores])


@pytest.mark.parametrize("value", [-1, 0, 1])
def test_no_pair_no_loss(value):
    scores, _, vectors = example()
    loss = RankNet()(scores, torch.full((6, LABELS), value, dtype=torch.int8), vectors)
    loss.backward()
    assert loss == 0
    assert scores.grad.abs().sum() == 0


def test_one_label_has_no_pair():
    assert RankNet()(torch.randn(2, 1), torch.ones(2, 1, dtype=torch.int8), torch.randn(1, 3)) == 0


def test_an_image_without_a_pair_counts_in_the_mean():
    scores, targets, vectors = torch.zeros(2, 2), torch.tensor([[1, -1], [0, 0]], dtype=torch.int8), torch.eye(2)
    torch.testing.assert_close(RankNet()(scores, targets, vectors), torch.tensor(2.0).log() / 2)


def test_equal_vectors_leave_the_weight_at_one():
    scores, targets = torch.zeros(1, 4), torch.tensor([[1, 1, 1, -1]], dtype=torch.int8)
    vectors = torch.nn.functional.normalize(torch.randn(1, 300), dim=1).expand(4, -1)
    torch.testing.assert_close(RankNet()(scores, targets, vectors), torch.tensor(2.0).log())


def test_label_vectors_get_no_gradient():
    scores, targets, vectors = example()
    RankNet()(scores, targets, vectors.requires_grad_()).backward()
    assert vectors.grad is None


@pytest.mark.parametrize("gap", [1e4, -1e4])
def test_extreme_scores_stay_finite(gap):
    scores = torch.tensor([[0.0, gap]], requires_grad=True)
    loss = RankNet()(scores, torch.tensor([[1, -1]], dtype=torch.int8), torch.eye(2))
    loss.backward()
    torch.testing.assert_close(loss.item(), max(gap, 0.0))
    torch.testing.assert_close(scores.grad, torch.tensor([[-1.0, 1.0]]) * (gap > 0))


def test_half_precision_is_summed_in_single():
    scores, targets, vectors = example()
    half = scores.detach().bfloat16().requires_grad_()
    loss = RankNet()(half, targets, vectors)
    loss.backward()
    assert loss.dtype == torch.float32
    assert half.grad.dtype == torch.bfloat16
    torch.testing.assert_close(loss, RankNet()(half.detach().float(), targets, vectors))


@pytest.mark.usefixtures("double")
def test_second_derivative():
    scores, targets, _ = example()
    assert torch.autograd.gradgradcheck(lambda s: pairwise_softplus(s, targets), scores)


@pytest.mark.usefixtures("double")
def test_transforms_of_torch_func():
    tasks = torch.randn(3, 4, LABELS)
    targets = torch.randint(-1, 2, (3, 4, LABELS), dtype=torch.int8)

    def gradient(scores, targets):
        return torch.func.grad(lambda s: pairwise_softplus(s, targets).sum())(scores)

    together = torch.func.vmap(gradient)(tasks, targets)
    torch.testing.assert_close(together, torch.stack([gradient(s, t) for s, t in zip(tasks, targets, strict=True)]))
    shared = torch.func.vmap(gradient, in_dims=(0, None))(tasks, targets[0])
    torch.testing.assert_close(shared[2], gradient(tasks[2], targets[0]))


def test_shapes_without_values():
    with on_meta():
        scores, targets = torch.randn(6, LABELS, requires_grad=True), torch.ones(6, LABELS, dtype=torch.int8)
        loss = RankNet()(scores, targets, torch.randn(LABELS, DIM))
        loss.backward()
    assert loss.shape == ()
    assert scores.grad.shape == (6, LABELS)


def test_compiles_without_a_graph_break():
    scores, targets, vectors = example()
    compiled = torch.compile(RankNet(), backend="aot_eager", fullgraph=True)
    expected = torch.autograd.grad(RankNet()(scores, targets, vectors), scores)
    torch.testing.assert_close(torch.autograd.grad(compiled(scores, targets, vectors), scores), expected)


def test_vectors_of_one_component_do_not_vary_within():
    loss = RankNet(difficulty="within")
    assert loss.difficulty(torch.tensor([[1, -1, 1]], dtype=torch.int8), torch.randn(3, 1)).tolist() == [0.0]
