"""Micro-F1 at a threshold."""

from __future__ import annotations

from einops import rearrange
from jaxtyping import Float, Float64, Int8, Int64, Shaped
from torch import Tensor

from compose.block import metric
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.metrics.threshold import Counts, Cut, Threshold, count, expected_hits, f1


@metric
class MicroF1(Threshold):
    """F1 of all pairs of image and label at once, at a threshold of the score.

    Unknown targets are left out. At a fixed threshold it mostly measures calibration.

    Args:
        threshold: a label is predicted where its score is greater; in episodes, `validation` takes the threshold that
            is best on as many tasks of the split `val`.
    """

    name = "micro-F1"

    def __init__(self, *, threshold: Cut = 0.5) -> None:
        super().__init__(threshold=threshold)

    def value(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """2 hits / (predicted + positives), over all pairs."""
        total = self._totals(scores, targets)
        return float(f1(total.hits, total.predicted, total.positives))

    def chance(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """Exact: the model's own scores, dealt out at random over all pairs.

        A threshold has no meaning without the scale of the scores, so that chance predicts as many pairs as the model.
        """
        total = self._totals(scores, targets)
        return float(f1(expected_hits(total), total.predicted, total.positives))

    def groups(self, cells: Shaped[Tensor, "e q n"]) -> Shaped[Tensor, "e 1 qn"]:
        """All pairs of an episode."""
        return rearrange(cells, "e q n -> e 1 (q n)")

    def weights(self, positives: Int64[Tensor, "e 1"], rules: Rules) -> Float64[Tensor, "e 1"]:
        """There is one group."""
        return positives.new_ones(positives.shape).double()

    def _totals(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"]) -> Counts:
        labels = count(scores, targets, self.chosen)
        return Counts(labels.predicted.sum(), labels.positives.sum(), labels.hits.sum(), labels.known.sum())
