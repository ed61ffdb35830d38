"""miAP: average precision of each image's ranking of the labels."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float, Float64, Int, Int8
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
    precision and is left out.

    Args:
        perfect: ``count`` an image whose average precision is 1, or ``skip`` it, as released code of RGCN-PosVAE does.
    """

    undefined = "no image is left that counts"

    def __init__(self, *, perfect: Literal["count", "skip"] = "count") -> None:
        self.skips_perfect = perfect == "skip"

    @property
    def key(self) -> str:
        """The name, and whether perfect images are left out."""
        return super().key + ("(perfect=skip)" if self.skips_perfect else "")

    @property
    def title(self) -> str:
        """The name, and whether perfect images are left out."""
        return "miAP" + (" (perfect images left out)" if self.skips_perfect else "")

    def value(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """The mean over images with a positive."""
        parts = [average_precision(scores[some], targets[some], rules.ties) for some in chunks(*scores.shape)]
        precision = torch.cat(parts)
        return float((precision[precision < 1] if self.skips_perfect else precision).nanmean())

    def chance(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """Exact: the mean over all orders of the labels; without perfect images of the others' sum and number each."""
        positives, known = per_image(targets > 0), per_image(targets != 0)
        expected = expected_average_precision(positives, known)
        if not self.skips_perfect:
            return float(expected.nanmean())
        perfect = _perfect_orders(positives, known).where(positives > 0, torch.nan)
        return float((expected - perfect).nansum() / (1 - perfect).nansum())


def _perfect_orders(positives: Int[Tensor, " b"], known: Int[Tensor, " b"]) -> Float64[Tensor, " b"]:
    """The share of the orders of the known labels that begin with the positives."""
    counts = (known, positives, known - positives)
    every, first, rest = (torch.lgamma(count.double() + 1) for count in counts)
    return (first + rest - every).exp()
