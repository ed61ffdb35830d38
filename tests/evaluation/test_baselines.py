from __future__ import annotations

import numpy as np
import pytest
import torch
from jaxtyping import Float, Int8
from torch import Tensor

from compose.block import metric
from compose.evaluation.metrics.accuracy import Accuracy
from compose.evaluation.metrics.f1_at_k import F1AtK
from compose.evaluation.metrics.image_average_precision import ImageAveragePrecision
from compose.evaluation.metrics.mean_average_precision import MeanAveragePrecision
from compose.evaluation.metrics.metric import Metric
from compose.evaluation.metrics.micro_auc import MicroAuc
from compose.evaluation.metrics.precision_at_k import PrecisionAtK
from compose.evaluation.metrics.recall_at_k import RecallAtK
from compose.evaluation.metrics.rules import Rules, Ties
from compose.evaluation.prior import class_prior, label_frequency


def targets_of(seed: int, images: int = 30, labels: int = 8) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    draws = torch.rand(images, labels, generator=generator)
    rates = torch.linspace(0.05, 0.5, labels)
    targets = torch.where(draws < rates, 1, -1).to(torch.int8)
    targets[torch.rand(images, labels, generator=generator) < 0.1] = 0
    return targets


RANKING = [MeanAveragePrecision(), ImageAveragePrecision(), PrecisionAtK(k=3), RecallAtK(k=3), F1AtK(k=3), Accuracy()]


@pytest.mark.parametrize("made", [*RANKING, MicroAuc()], ids=lambda made: made.key)
@pytest.mark.parametrize("rules", [Rules(), Rules(ties="worst", no_positives="zero")])
def test_chance_agrees_with_simulation(made: Metric, rules: Rules) -> None:
    targets = targets_of(0)
    generator = torch.Generator().manual_seed(1)
    draws = [made.value(torch.rand(targets.shape, generator=generator), targets, rules) for _ in range(400)]
    error = np.std(draws) / np.sqrt(len(draws))
    assert made.chance(torch.zeros(targets.shape), targets, rules) == pytest.approx(np.mean(draws), abs=4 * error)


def test_a_metric_without_a_formula_draws_its_chance() -> None:
    @metric
    class Half(Metric):
        """Share of the positives that score above one half."""

        def value(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
            return float((scores[targets > 0] > 0.5).double().mean())

    made, targets = Half(), targets_of(0, images=2_000)
    assert made.key == made.title == "half"
    first = made.chance(torch.zeros(targets.shape), targets, Rules())
    assert first == pytest.approx(0.5, abs=0.02)
    assert first == made.chance(torch.zeros(targets.shape), targets, Rules())


def test_prior_takes_training_for_seen_and_the_oracle_for_unseen() -> None:
    targets = torch.tensor([[1, -1, 1], [1, 1, 0]], dtype=torch.int8)
    trained = torch.tensor([0.25, 0.75, 0.0], dtype=torch.float64)
    assert label_frequency(targets).tolist() == [1.0, 0.5, 0.5]
    assert class_prior(targets, [True, True, False], trained).tolist() == [0.25, 0.75, 0.5]
    assert class_prior(targets, [True, True, False]).tolist() == [1.0, 0.5, 0.5]


@pytest.mark.parametrize("ties", ["grouped", "stable", "worst"])
@pytest.mark.parametrize("made", RANKING, ids=lambda made: made.key)
def test_prior_is_the_value_of_its_scores(made: Metric, ties: Ties) -> None:
    targets = targets_of(2)
    targets[:, 0] = -1
    frequency = label_frequency(targets)
    for rules in (Rules(ties=ties), Rules(ties=ties, no_positives="zero")):
        spread = made.value(frequency.expand(targets.shape), targets, rules)
        assert made.prior(frequency, targets, rules) == pytest.approx(spread, abs=1e-12)


def test_f1_of_the_prior_predicts_the_most_frequent_labels() -> None:
    targets = targets_of(3, images=50, labels=6)
    frequency = label_frequency(targets)
    best = frequency.topk(3).indices
    hits = int((targets[:, best] > 0).sum())
    expected = 2 * hits / (3 * 50 + int((targets > 0).sum()))
    assert F1AtK(k=3).prior(frequency, targets, Rules()) == pytest.approx(expected)


@pytest.mark.parametrize("seed", range(5))
def test_no_constant_score_has_a_better_f1_than_the_oracle(seed: int) -> None:
    targets = targets_of(seed)
    other = torch.rand(targets.shape[1], generator=torch.Generator().manual_seed(seed))
    oracle = F1AtK(k=3).prior(label_frequency(targets), targets, Rules())
    assert F1AtK(k=3).prior(other, targets, Rules()) <= oracle + 1e-12
