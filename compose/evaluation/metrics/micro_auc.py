"""Micro-AUC: the area under the ROC curve of all pairs of image and label."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float, Int8
from torch import Tensor

from compose.block import metric
from compose.evaluation.counts import per_label
from compose.evaluation.metric import Metric
from compose.evaluation.rules import Rules


@metric
class MicroAuc(Metric):
    """Chance that a positive pair of image and label scores above a negative one, over all pairs (micro-AUC).

    Equal scores count half, whatever the protocol's order of ties: the area under the ROC curve has no order of them.
    Unknown targets are left out. NaN where no target is negative.
    """

    title = "micro-AUC"

    def value(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """The area, from the ranks of the positives among the negatives."""
        values, truth = scores.numpy(), targets.numpy()
        positive, negative = values[truth > 0], values[truth < 0]
        # numpy sorts values alone, in place and vectorised: a third of the time and a fifth of the memory of torch.sort
        positive.sort()
        negative.sort()
        below = sum(int(np.searchsorted(negative, positive, side=side).sum()) for side in ("left", "right"))
        return _area(below, len(positive) * len(negative))

    def chance(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """Exact: a half."""
        return 0.5

    def prior(self, frequency: Float[Tensor, " l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """The area where all images have the same scores: from counts of each label, without a sort of all pairs."""
        positives, negatives = per_label(targets > 0), per_label(targets < 0)
        ranked, order = frequency.sort()
        up_to = torch.cat([negatives.new_zeros(1), negatives[order].cumsum(0)])  # negatives of the i least frequent
        below = sum(up_to[torch.searchsorted(ranked, frequency, side=side)] for side in ("left", "right"))
        return _area(int((positives * below).sum()), int(positives.sum()) * int(negatives.sum()))


def _area(twice_below: int, pairs: int) -> float:
    return twice_below / (2 * pairs) if pairs else math.nan
