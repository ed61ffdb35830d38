"""miAP: average precision of each image's ranking of the labels."""

from __future__ import annotations

import torch
from jaxtyping import Float, Int8
from torch import Tensor

from compose.block import metric
from compose.evaluation.metrics.average_precision import average_precision, expected_average_precision
from compose.evaluation.metrics.counts import per_image
from compose.evaluation.metrics.metric import Metric, chunks
from compose.evaluation.metrics.rules import Rules


@metric(name="miap")
class ImageAveragePrecision(Metric):
    """Mean over images of the average precision of the image's ranking of the labels (miAP).

    Labels whose target is unknown are left out of an image's ranking. An image without a positive has no average
    precision and is left out; one whose average precision is 1 counts.
    """

    title = "miAP"

    def value(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """The mean over images with a positive."""
        parts = [average_precision(scores[some], targets[some], rules.ties) for some in chunks(*scores.shape)]
        return float(torch.cat(parts).nanmean())

    def chance(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """Exact: the mean over all orders of the labels."""
        return float(expected_average_precision(per_image(targets > 0), per_image(targets != 0)).nanmean())
