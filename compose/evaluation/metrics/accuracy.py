"""Accuracy of the best label."""

from __future__ import annotations

from einops import rearrange
from jaxtyping import Float, Float64, Int8
from torch import Tensor

from compose.block import metric
from compose.evaluation.metrics.counts import per_image
from compose.evaluation.metrics.metric import EpisodeMetric
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.metrics.top_k import hits_at


@metric
class Accuracy(EpisodeMetric):
    """Share of the images whose best label is positive, among those that carry a positive.

    Where every image carries one label, this is the usual accuracy. An unknown best label counts as a miss.
    """

    title = "accuracy"

    def value(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """The share of hits."""
        return _mean(hits_at(1, scores, targets, rules.ties), targets)

    def of_episodes(
        self, scores: Float[Tensor, "e q n"], targets: Int8[Tensor, "e q n"], rules: Rules
    ) -> Float64[Tensor, " e"]:
        """The share of hits in each episode."""
        together = "e q n -> (e q) n"
        hits = hits_at(1, rearrange(scores, together), rearrange(targets, together), rules.ties)
        hits = rearrange(hits, "(e q) -> e q", e=len(targets))
        counted = (targets > 0).any(-1)
        return (hits * counted).sum(1) / counted.sum(1)

    def chance_of_episodes(
        self, scores: Float[Tensor, "e q n"], targets: Int8[Tensor, "e q n"], rules: Rules
    ) -> Float64[Tensor, " e"]:
        """Exact, as :meth:`chance`."""
        share = (targets > 0).sum(-1).double() / targets.shape[-1]  # of an image's labels
        return share.sum(1) / (targets > 0).any(-1).sum(1)

    def chance(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """Exact: the share of an image's labels that are positive."""
        return _mean(per_image(targets > 0).double() / targets.shape[1], targets)


def _mean(hits: Float64[Tensor, " b"], targets: Int8[Tensor, "b l"]) -> float:
    return float(hits[(targets > 0).any(1)].mean())
