from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, precision_score, recall_score
from torch import Tensor

from compose.block import BlockError
from compose.evaluation.metrics import metric
from compose.evaluation.metrics.accuracy import Accuracy
from compose.evaluation.metrics.f1_at_k import F1AtK
from compose.evaluation.metrics.precision_at_k import PrecisionAtK
from compose.evaluation.metrics.recall_at_k import RecallAtK
from compose.evaluation.metrics.rules import Rules, Ties
from compose.evaluation.metrics.top_k import hits_at

METRICS = [(PrecisionAtK, precision_score), (RecallAtK, recall_score), (F1AtK, f1_score)]


def random_case(seed: int, images: int = 40, labels: int = 11) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    scores = torch.from_numpy(rng.standard_normal((images, labels)))
    return scores, torch.from_numpy(rng.choice([-1, -1, -1, 0, 1], (images, labels)).astype(np.int8))


def predicted(scores: Tensor, k: int) -> np.ndarray:
    """The K best labels of each image as a matrix, ties in the order of the labels."""
    best = np.argsort(-scores.numpy(), axis=1, kind="stable")[:, :k]
    chosen = np.zeros(scores.shape, bool)
    np.put_along_axis(chosen, best, True, axis=1)
    return chosen


@pytest.mark.parametrize("k", [1, 3, 10, 11, 50])
@pytest.mark.parametrize(("cls", "reference"), METRICS)
def test_equals_scikit_learn(cls: type, reference: object, k: int) -> None:
    scores, targets = random_case(k)
    expected = reference(targets.numpy() > 0, predicted(scores, k), average="micro")  # type: ignore[operator]
    for ties in ("grouped", "stable", "worst"):
        assert cls(k=k).value(scores, targets, Rules(ties=ties)) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("k", [1, 3, 5])
@pytest.mark.parametrize("cells", [1, 2**21])
def test_stable_ties_take_the_earlier_label(k: int, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric, "CHUNK_CELLS", cells)
    scores, targets = random_case(k)
    scores = scores.round()
    expected = f1_score(targets.numpy() > 0, predicted(scores, k), average="micro")
    assert F1AtK(k=k).value(scores, targets, Rules(ties="stable")) == pytest.approx(expected, abs=1e-12)


def test_grouped_and_worst_ties_against_all_orders() -> None:
    """Over all orders of the labels, the stable hits' mean is the grouped hits, and their least the worst ones."""
    scores = torch.tensor([[2.0, 1.0, 1.0, 1.0, 0.0]])
    targets = torch.tensor([[1, -1, 1, 0, 1]], dtype=torch.int8)
    for k in range(1, 6):
        every = [
            hits_at(k, scores[:, list(order)], targets[:, list(order)], "stable").item()
            for order in itertools.permutations(range(5))
        ]
        assert hits_at(k, scores, targets, "grouped").item() == pytest.approx(np.mean(every))
        assert hits_at(k, scores, targets, "worst").item() == min(every)


def test_counts_by_hand() -> None:
    """Two images, top 2: hits 1 + 1 of 4 places and 3 positives; the unknown in a top 2 is a miss."""
    scores = torch.tensor([[0.9, 0.8, 0.1, 0.0], [0.1, 0.9, 0.2, 0.8]])
    targets = torch.tensor([[1, -1, 1, -1], [-1, 1, -1, 0]], dtype=torch.int8)
    assert PrecisionAtK(k=2).value(scores, targets, Rules()) == pytest.approx(2 / 4)
    assert RecallAtK(k=2).value(scores, targets, Rules()) == pytest.approx(2 / 3)
    assert F1AtK(k=2).value(scores, targets, Rules()) == pytest.approx(4 / 7)


@pytest.mark.parametrize("cls", [PrecisionAtK, RecallAtK, F1AtK])
def test_chance_is_what_equal_scores_give(cls: type) -> None:
    _, targets = random_case(0)
    made = cls(k=3)
    equal = torch.zeros(targets.shape)
    assert made.chance(equal, targets, Rules()) == pytest.approx(made.value(equal, targets, Rules()), abs=1e-12)


def test_accuracy() -> None:
    scores, targets = random_case(1)
    carries = (targets > 0).any(1)
    expected = (targets.gather(1, scores.argmax(1, keepdim=True))[carries] > 0).double().mean().item()
    assert Accuracy().value(scores, targets, Rules()) == pytest.approx(expected)
    equal = torch.zeros(targets.shape)
    assert Accuracy().chance(scores, targets, Rules()) == pytest.approx(Accuracy().value(equal, targets, Rules()))


def hits(scores: Tensor, targets: Tensor, ties: Ties) -> float:
    """Of one image: whether its best label is positive, or a share where several are best."""
    best = [target > 0 for score, target in zip(scores, targets, strict=True) if score == scores.max()]
    return {"grouped": sum(best) / len(best), "stable": float(best[0]), "worst": float(all(best))}[ties]


@pytest.mark.parametrize("ties", ["grouped", "stable", "worst"])
@pytest.mark.parametrize("tied", [False, True])
def test_accuracy_of_episodes_against_a_loop(ties: Ties, tied: bool) -> None:
    """Each episode by itself, over the queries that carry a positive."""
    scores, targets = (part.view(12, 20, 4) for part in random_case(3, images=240, labels=4))
    scores = scores.round() if tied else scores
    found = Accuracy().of_episodes(scores, targets, Rules(ties=ties))
    assert (found.shape, found.dtype) == ((12,), torch.float64)
    for value, own, truth in zip(found, scores, targets, strict=True):
        each = [hits(*query, ties) for query in zip(own, truth, strict=True) if (query[1] > 0).any()]
        assert value == pytest.approx(sum(each) / len(each))
        assert value == pytest.approx(Accuracy().value(own, truth, Rules(ties=ties)))


def test_names() -> None:
    assert (F1AtK(k=3).key, F1AtK(k=3).title) == ("f1@3", "F1@3")
    assert (PrecisionAtK(k=10).key, RecallAtK(k=1).title) == ("precision@10", "Recall@1")


def test_k_below_one() -> None:
    with pytest.raises(BlockError, match="expected a whole number above 0, got 0") as caught:
        F1AtK(k=0)
    assert caught.value.parameter == "k"
