from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, roc_auc_score
from torch import Tensor

from compose.evaluation.metrics import metric
from compose.evaluation.metrics.macro_f1 import MacroF1
from compose.evaluation.metrics.metric import Metric
from compose.evaluation.metrics.micro_auc import MicroAuc
from compose.evaluation.metrics.micro_f1 import MicroF1
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.metrics.threshold import Threshold

ZERO = Rules(no_positives="zero")


def random_case(seed: int, images: int = 60, labels: int = 9) -> tuple[Tensor, Tensor]:
    rng = np.random.default_rng(seed)
    scores = torch.from_numpy(rng.integers(0, 12, (images, labels)) / 11)
    targets = torch.from_numpy(rng.choice([-1, -1, 0, 1], (images, labels)).astype(np.int8))
    targets[:, 0][targets[:, 0] > 0] = -1
    targets[:, 1] = 1
    targets[:, 2] = 0
    return scores, targets


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("threshold", [0.0, 0.5, 0.8, 2.0])
@pytest.mark.parametrize("cells", [1, 2**21])
def test_f1_equals_scikit_learn(seed: int, threshold: float, cells: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(metric, "CHUNK_CELLS", cells)
    scores, targets = random_case(seed)
    known, truth, chosen = (targets != 0).numpy(), (targets > 0).numpy(), (scores > threshold).numpy()
    micro = f1_score(truth[known], chosen[known], zero_division=0.0)
    labels = [
        f1_score(truth[rows, i], chosen[rows, i], zero_division=0.0) if rows.any() else 0.0
        for i, rows in enumerate(known.T)
    ]
    assert MicroF1(threshold=threshold).value(scores, targets, Rules()) == pytest.approx(micro, abs=1e-12)
    assert MacroF1(threshold=threshold).value(scores, targets, ZERO) == pytest.approx(np.mean(labels), abs=1e-12)
    carried = np.array(labels)[truth.any(0)].mean()
    assert MacroF1(threshold=threshold).value(scores, targets, Rules()) == pytest.approx(carried, abs=1e-12)


@pytest.mark.parametrize("seed", range(6))
def test_auc_equals_scikit_learn(seed: int) -> None:
    scores, targets = random_case(seed)
    known = targets != 0
    expected = roc_auc_score((targets > 0)[known], scores[known])
    assert MicroAuc().value(scores, targets, Rules()) == pytest.approx(expected, abs=1e-12)


def test_auc_without_negatives_is_undefined() -> None:
    ones = torch.ones(2, 3)
    assert np.isnan(MicroAuc().value(ones, ones.to(torch.int8), Rules()))
    assert np.isnan(MicroAuc().prior(torch.ones(3), ones.to(torch.int8), Rules()))


@pytest.mark.parametrize("seed", range(3))
def test_auc_of_the_prior_equals_the_value_of_its_scores(seed: int) -> None:
    _, targets = random_case(seed)
    frequency = torch.tensor([0.1, 0.3, 0.2, 0.2, 0.0, 0.7, 0.7, 0.2, 0.4], dtype=torch.float64)
    spread = MicroAuc().value(frequency.expand(targets.shape), targets, Rules())
    assert MicroAuc().prior(frequency, targets, Rules()) == pytest.approx(spread, abs=1e-12)


@pytest.mark.parametrize("made", [MicroF1(threshold=0.4), MacroF1(threshold=0.4)])
def test_chance_is_the_mean_over_shuffled_scores(made: Metric) -> None:
    scores, targets = random_case(1, images=200)
    generator = torch.Generator().manual_seed(3)
    draws = []
    for _ in range(300):
        if isinstance(made, MicroF1):
            known = targets != 0
            dealt = scores.clone()
            dealt[known] = scores[known][torch.randperm(int(known.sum()), generator=generator)]
        else:
            dealt = scores.clone()
            for label in range(scores.shape[1]):
                rows = (targets[:, label] != 0).nonzero()[:, 0]
                dealt[rows, label] = scores[rows[torch.randperm(len(rows), generator=generator)], label]
        draws.append(made.value(dealt, targets, Rules()))
    error = np.std(draws) / np.sqrt(len(draws))
    assert made.chance(scores, targets, Rules()) == pytest.approx(np.mean(draws), abs=4 * error)


def test_keys() -> None:
    assert MicroF1().key == "micro_f1"
    assert MacroF1(threshold=0.25).key == "macro_f1(threshold=0.25)"
    assert MicroAuc().key == "micro_auc"


@pytest.mark.parametrize("made", [MicroF1(threshold=0.5), MacroF1(threshold=0.5)])
def test_a_score_at_the_threshold_predicts_nothing(made: Threshold) -> None:
    targets = torch.tensor([[1, -1], [-1, 1]], dtype=torch.int8)
    scores = torch.full((2, 2), 0.5)
    assert made.value(scores, targets, Rules()) == 0
    assert made.chance_of_episodes(scores[None], targets[None], Rules()).tolist() == [0]
