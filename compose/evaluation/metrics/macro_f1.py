"""Macro-F1 at a threshold."""

from __future__ import annotations

import torch
from einops import rearrange
from jaxtyping import Float, Float64, Int8, Int64, Shaped
from torch import Tensor

from compose.block import metric
from compose.evaluation.metrics.means import mean_over_labels
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.metrics.threshold import Counts, Cut, Threshold, count, expected_hits, f1


@metric
class MacroF1(Threshold):
    """Mean over labels of the F1 of the images predicted at a threshold of the score.

    Unknown targets are left out. The protocol says how a label without positives counts; scikit-learn counts it as 0.
    In episodes it is the mean over the labels of each, and one without any that counts has none.

    Args:
        threshold: a label is predicted where its score is greater; in episodes, `validation` takes the threshold that
            is best on as many tasks of the split `val`.
    """

    name = "macro-F1"

    def __init__(self, *, threshold: Cut = 0.5) -> None:
        super().__init__(threshold=threshold)

    def value(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """The mean over labels of 2 hits / (predicted + positives)."""
        labels = count(scores, targets, self.chosen)
        return _mean(labels.hits, labels, rules)

    def chance(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """Exact: the model's own scores of each label, dealt out at random over the images."""
        labels = count(scores, targets, self.chosen)
        return _mean(expected_hits(labels), labels, rules)

    def groups(self, cells: Shaped[Tensor, "e q n"]) -> Shaped[Tensor, "e n q"]:
        """The queries of each label."""
        return rearrange(cells, "e q n -> e n q")

    def weights(self, positives: Int64[Tensor, "e n"], rules: Rules) -> Float64[Tensor, "e n"]:
        """All labels that count weigh alike."""
        counted = (positives > 0) | (rules.no_positives != "skip")
        return counted.double() / counted.sum(1, keepdim=True)

    def _mean(self, hits: Tensor, counts: Counts, rules: Rules) -> Float64[Tensor, " e"]:
        """That of all labels with positives, and what the protocol gives the others."""
        found = super()._mean(hits, counts, rules)
        if rules.no_positives != "one":
            return found
        return found + (self.weights(counts.positives, rules) * (counts.positives == 0)).sum(1)


def _mean(hits: Tensor, labels: Counts, rules: Rules) -> float:
    values = f1(hits, labels.predicted, labels.positives)
    return mean_over_labels(torch.where(labels.positives > 0, values, torch.nan), rules)
