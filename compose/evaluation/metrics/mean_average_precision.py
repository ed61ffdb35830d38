"""mAP: average precision of each label's ranking of the images."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int8
from torch import Tensor

from compose.block import metric
from compose.evaluation.metrics.average_precision import expected_average_precision, label_average_precision
from compose.evaluation.metrics.counts import per_label
from compose.evaluation.metrics.means import mean_over_labels
from compose.evaluation.metrics.metric import Metric
from compose.evaluation.metrics.rules import Rules


@metric(name="map")
class MeanAveragePrecision(Metric):
    """Mean over labels of the average precision of the label's ranking of the images (mAP).

    Images whose target is unknown are left out of a label's ranking. The protocol says how a label without positives
    counts.
    """

    title = "mAP"

    def value(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """The mean over labels."""
        return mean_over_labels(label_average_precision(scores, targets, rules), rules)

    def chance(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """Exact: the mean over all orders of the images. Where images are few it lies above the positives' share."""
        expected = expected_average_precision(per_label(targets > 0), per_label(targets != 0))
        return mean_over_labels(expected, rules)

    def prior(self, frequency: Float[Tensor, " l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """Where ties are grouped, the mean share of positives: all images of a label are one group."""
        if rules.ties != "grouped":
            return super().prior(frequency, targets, rules)
        positives = per_label(targets > 0)
        share = positives.double() / per_label(targets != 0)
        return mean_over_labels(torch.where(positives > 0, share, torch.nan), rules)
