"""The threshold that is best on validation episodes."""

from __future__ import annotations

import torch
from jaxtyping import Float, Float64, Int8
from torch import Tensor

from compose.evaluation.metrics.rules import Rules
from compose.evaluation.metrics.threshold import Threshold, f1


def best_threshold(
    metric: Threshold, scores: Float[Tensor, "e q n"], targets: Int8[Tensor, "e q n"], rules: Rules
) -> float:
    """The threshold at which the mean of a metric over episodes is greatest, over all thresholds that there are.

    As a threshold falls, the mean changes at the score of each pair alone. It lies halfway between the last score that
    is predicted and the next; where all are, as far below them as they are apart.

    Args:
        metric: what the threshold is for.
        scores: of every query and label.
        targets: 1, -1, 0 = unknown.
        rules: as in the metric.
    """
    found, steps = _steps(metric, scores, targets, rules)
    ranked, order = found.sort(descending=True)
    mean = steps[order].cumsum(0)
    last = torch.cat([ranked[:-1] != ranked[1:], torch.ones(1, dtype=torch.bool)]).nonzero()[:, 0]  # of equal scores
    best = int(last[mean[last].argmax()])
    high = ranked[best]
    if best == len(ranked) - 1:
        return float(high - max(float(ranked[0] - high), 1.0))
    low = ranked[best + 1]
    middle = low + (high - low) / 2
    return float(middle if middle < high else low)


def _steps(
    metric: Threshold, scores: Float[Tensor, "e q n"], targets: Int8[Tensor, "e q n"], rules: Rules
) -> tuple[Float[Tensor, " pairs"], Float64[Tensor, " pairs"]]:
    """The score of each known pair, and by how much the sum over episodes grows once it is predicted."""
    ranked, order = metric.groups(scores).sort(dim=-1, descending=True)
    truth = metric.groups(targets).gather(-1, order)
    known = truth != 0
    hits, predicted = (kind.cumsum(-1, dtype=torch.int32) for kind in (truth > 0, known))
    values = f1(hits, predicted, hits[..., -1:])
    values[..., 1:] -= values[..., :-1].clone()
    weights = metric.weights(hits[..., -1].long(), rules)[..., None].expand_as(values)
    counted = known & ~weights.isnan()
    return ranked[counted], (values * weights)[counted]
