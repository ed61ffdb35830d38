"""A metric over episodes: its mean, with chance, the label prior and the all-positive predictor beside it."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float64
from torch import Tensor

from compose.evaluation.episodes.episode_scores import EpisodeScores
from compose.evaluation.metrics.metric import EpisodeMetric
from compose.evaluation.metrics.rules import Rules

NORMAL = 1.959963984540054
"""The 97.5% quantile of the normal distribution."""


@dataclass(frozen=True)
class EpisodeMean:
    """What is reached in the mean over the episodes in which a metric is defined.

    Args:
        value: by the model.
        interval: half the 95% interval of that.
        chance: by a random score.
        prior: by the labels' frequencies as scores.
        all_positive: by predicting every label for every query; None for a metric without a threshold.
        threshold: that which was chosen on validation episodes; None where none was.
    """

    value: float
    interval: float
    chance: float
    prior: float
    all_positive: float | None = None
    threshold: float | None = None


def episode_mean(
    metric: EpisodeMetric, test: EpisodeScores, validation: EpisodeScores | None, rules: Rules
) -> EpisodeMean:
    """Measure the scores of episodes.

    Args:
        metric: what is measured.
        test: the scores.
        validation: those that a threshold is chosen on, for the model and for the prior each its own.
        rules: the order of ties, and what a label without positives counts.
    """
    own, of_prior, threshold = metric, metric, None
    if metric.tuned:
        assert validation is not None, "a threshold is chosen on validation episodes"
        threshold = metric.best_threshold(validation.scores, validation.targets, rules)
        own = metric.at(threshold)
        of_prior = metric.at(metric.best_threshold(validation.prior, validation.targets, rules))
    trivial = [found for part in test.parts() if (found := own.all_positive(part.targets, rules)) is not None]
    all_positive = _mean(torch.cat(trivial)) if trivial else None
    return EpisodeMean(*_means(own, of_prior, test, rules), all_positive, threshold)


def _means(
    metric: EpisodeMetric, of_prior: EpisodeMetric, test: EpisodeScores, rules: Rules
) -> tuple[float, float, float, float]:
    """Mean and interval of the model, and the means of chance and of the prior."""
    found = [
        (
            metric.of_episodes(part.scores, part.targets, rules),
            metric.chance_of_episodes(part.scores, part.targets, rules),
            of_prior.of_episodes(part.prior, part.targets, rules),
        )
        for part in test.parts()
    ]
    values, chance, prior = (torch.cat(each) for each in zip(*found, strict=True))
    return _mean(values), half_width(values), _mean(chance), _mean(prior)


def _mean(values: Float64[Tensor, " e"]) -> float:
    return float(values.nanmean())


def half_width(values: Float64[Tensor, " e"]) -> float:
    """Half the 95% interval of a mean over the episodes that have a value: 1.96 standard errors."""
    known = values[~values.isnan()]
    return NORMAL * float(known.std(unbiased=True)) / math.sqrt(len(known)) if len(known) > 1 else math.nan
