"""The metrics of episodes against their values on each episode, one by one."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from sklearn.metrics import f1_score, roc_auc_score
from torch import Tensor

from compose.evaluation.episodes.episode_mean import episode_mean
from compose.evaluation.episodes.episode_scores import EpisodeScores
from compose.evaluation.metrics.accuracy import Accuracy
from compose.evaluation.metrics.best_threshold import best_threshold
from compose.evaluation.metrics.macro_f1 import MacroF1
from compose.evaluation.metrics.metric import EpisodeMetric
from compose.evaluation.metrics.micro_auc import MicroAuc
from compose.evaluation.metrics.micro_f1 import MicroF1
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.metrics.threshold import Threshold

RULES = [Rules(), Rules(no_positives="zero"), Rules(no_positives="one")]
ALL = [MicroF1(threshold=0.4), MacroF1(threshold=0.4), MicroAuc(), Accuracy()]


def random_episodes(seed: int, *, episodes: int = 7, queries: int = 12, ways: int = 4) -> tuple[Tensor, Tensor]:
    """With ties, unknown targets, queries that are padding, and labels that nothing in an episode carries."""
    dice = np.random.default_rng(seed)
    scores = torch.from_numpy(dice.integers(0, 9, (episodes, queries, ways)) / 8)
    targets = torch.from_numpy(dice.choice([-1, -1, 0, 1], scores.shape).astype(np.int8))
    targets[::2, :, 1] = targets[::2, :, 1].clamp(max=0)
    targets[1, 5:] = 0
    return scores, targets


def without_negatives(seed: int) -> tuple[Tensor, Tensor]:
    scores, targets = random_episodes(seed)
    targets[3] = targets[3].abs()
    return scores, targets


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.key)
@pytest.mark.parametrize("seed", range(4))
def test_each_episode_has_the_value_it_has_alone(metric: EpisodeMetric, seed: int, rules: Rules) -> None:
    scores, targets = random_episodes(seed)
    found = metric.of_episodes(scores, targets, rules)
    assert found.tolist() == pytest.approx([metric.value(*pair, rules) for pair in zip(scores, targets, strict=True)])


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("metric", ALL, ids=lambda metric: metric.key)
def test_each_episode_has_the_chance_it_has_alone(metric: EpisodeMetric, rules: Rules) -> None:
    scores, targets = random_episodes(5)
    alone = EpisodeMetric.chance_of_episodes(metric, scores, targets, rules)
    assert metric.chance_of_episodes(scores, targets, rules).tolist() == pytest.approx(alone.tolist())


@pytest.mark.parametrize("seed", range(4))
def test_against_scikit_learn(seed: int) -> None:
    scores, targets = random_episodes(seed)
    areas, micro = (m.of_episodes(scores, targets, Rules()) for m in (MicroAuc(), MicroF1(threshold=0.4)))
    for episode in range(len(scores)):
        known = targets[episode] != 0
        truth, given = (targets[episode] > 0)[known], scores[episode][known]
        assert float(areas[episode]) == pytest.approx(roc_auc_score(truth, given), abs=1e-12)
        assert float(micro[episode]) == pytest.approx(f1_score(truth, given > 0.4), abs=1e-12)


def test_area_is_the_share_of_pairs_in_order() -> None:
    scores, targets = random_episodes(0)
    for area, own, truth in zip(MicroAuc().of_episodes(scores, targets, Rules()), scores, targets, strict=True):
        gaps = own[truth > 0][:, None] - own[truth < 0]
        assert float(area) == pytest.approx(float(((gaps > 0).double() + (gaps == 0) / 2).mean()))


def means(metric: EpisodeMetric, scores: Tensor, targets: Tensor) -> list[float | None]:
    found = episode_mean(metric, EpisodeScores(scores, targets, torch.rand(7, 4)), None, Rules())
    return [found.value, found.interval, found.chance]


def test_an_episode_in_which_a_metric_is_undefined_is_left_out() -> None:
    scores, targets = without_negatives(1)
    others = [0, 1, 2, 4, 5, 6]
    values = MicroAuc().of_episodes(scores, targets, Rules())
    assert values.isnan().tolist() == [i == 3 for i in range(7)]
    value, interval, chance = means(MicroAuc(), scores, targets)
    assert value == pytest.approx(float(values[others].mean()))
    assert interval == pytest.approx(1.959964 * float(values[others].std()) / math.sqrt(6))
    assert chance == 0.5
    targets[3] = -1
    assert MacroF1().of_episodes(scores, targets, Rules()).isnan().tolist() == [i == 3 for i in range(7)]
    assert Accuracy().of_episodes(scores, targets, Rules()).isnan().tolist() == [i == 3 for i in range(7)]
    assert MacroF1().of_episodes(scores, targets, Rules(no_positives="zero"))[3] == 0


@pytest.mark.parametrize("metric", [MicroF1(), MacroF1(), Accuracy()], ids=lambda metric: metric.key)
def test_padding_changes_nothing(metric: EpisodeMetric) -> None:
    scores, targets = random_episodes(2)
    more = torch.cat([scores, torch.rand(7, 3, 4)], 1), torch.cat([targets, targets.new_zeros(7, 3, 4)], 1)
    assert means(metric, *more) == pytest.approx(means(metric, scores, targets))


@pytest.mark.parametrize("metric", [MicroF1(), MacroF1()], ids=lambda metric: metric.key)
def test_all_positive_is_a_threshold_below_all_scores(metric: Threshold) -> None:
    scores, targets = random_episodes(3)
    found = metric.all_positive(targets, Rules())
    assert found.tolist() == pytest.approx(metric.at(-1.0).of_episodes(scores, targets, Rules()).tolist())


# --- the threshold that is best -----------------------------------------------------------------------------------


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("metric", [MicroF1(threshold="validation"), MacroF1(threshold="validation")])
@pytest.mark.parametrize("seed", range(6))
def test_no_other_threshold_is_better(metric: Threshold, seed: int, rules: Rules) -> None:
    """Of all that there are: each score, and one below all."""
    scores, targets = without_negatives(seed)
    targets[2] = -1
    scores = (scores + targets.clamp(min=-1) * 0.2 * torch.rand(scores.shape)).float()

    def mean(threshold: float) -> float:
        return float(metric.at(threshold).of_episodes(scores, targets, rules).nanmean())

    found = best_threshold(metric, scores, targets, rules)
    assert mean(found) == pytest.approx(max(map(mean, [-9.0, *scores.unique().tolist()])), abs=1e-12)


def test_it_lies_between_the_scores() -> None:
    scores = torch.tensor([[[0.9], [0.6], [0.2], [0.1]]])
    metric = MicroF1(threshold="validation")
    assert best_threshold(metric, scores, torch.tensor([[[1], [1], [-1], [-1]]]), Rules()) == pytest.approx(0.4)
    assert best_threshold(metric, scores, torch.tensor([[[1], [1], [0], [-1]]]), Rules()) == pytest.approx(0.35)
    assert best_threshold(metric, scores, torch.tensor([[[1], [1], [1], [1]]]), Rules()) == pytest.approx(0.1 - 1)
    assert best_threshold(metric, 10 * scores, torch.tensor([[[1], [1], [1], [1]]]), Rules()) == pytest.approx(1 - 8)


def test_between_neighbours_it_is_the_lower() -> None:
    """No number is halfway between them."""
    low = torch.tensor(0.7)
    scores = torch.stack([torch.nextafter(low, torch.tensor(1.0)), low])[None, :, None]
    targets = torch.tensor([[[1], [-1]]])
    metric = MicroF1(threshold="validation")
    found = metric.at(best_threshold(metric, scores, targets, Rules()))
    assert found.of_episodes(scores, targets, Rules()).tolist() == [1.0]


def test_each_predictor_has_a_threshold_of_its_own() -> None:
    targets = torch.tensor([[[1, -1], [1, 1], [1, -1]]], dtype=torch.int8)
    frequency = torch.tensor([[0.04, 0.03]], dtype=torch.float64)
    model = EpisodeScores(targets.float() * 10, targets, frequency)
    found = episode_mean(MicroF1(threshold="validation"), model, model, Rules())
    assert (found.value, found.threshold) == (1.0, 0.0)
    assert found.prior == pytest.approx(2 * 3 / (3 + 4))  # the first label for all three
    assert found.all_positive == pytest.approx(2 * 4 / (6 + 4))
    assert episode_mean(MicroF1(), model, None, Rules()).prior == 0
