"""The labels predicted at a threshold: what micro- and macro-F1 share."""

from __future__ import annotations

import copy
from abc import abstractmethod
from dataclasses import dataclass
from typing import Annotated, Literal, Self, TypeAlias

import torch
from jaxtyping import Bool, Float, Float64, Int8, Int64, Shaped
from pydantic import Field
from torch import Tensor

from compose.evaluation.metrics.counts import per_label
from compose.evaluation.metrics.metric import EpisodeMetric, chunks
from compose.evaluation.metrics.rules import Rules

Cut: TypeAlias = Annotated[float, Field(allow_inf_nan=False)] | Literal["validation"]
"""A threshold as a spec gives it."""


@dataclass(frozen=True)
class Counts:
    """Sums over the images of each label, or over another group of cells, unknown targets left out.

    Args:
        predicted: scores above the threshold.
        positives: targets that are 1.
        hits: both.
        known: targets that are 1 or -1.
    """

    predicted: Int64[Tensor, "*l"]
    positives: Int64[Tensor, "*l"]
    hits: Int64[Tensor, "*l"]
    known: Int64[Tensor, "*l"]


class Threshold(EpisodeMetric):
    """A metric of the labels whose score is above a threshold: in an episode, a weighted mean of the F1 of its groups.

    Args:
        threshold: a number, or ``validation``: that which is best on validation episodes, see :meth:`at`.
    """

    name: str
    """The title without a word on the threshold."""

    def __init__(self, *, threshold: Cut = 0.5) -> None:
        self.tuned = threshold == "validation"
        self.cut = None if threshold == "validation" else threshold

    @property
    def key(self) -> str:
        """The name, with the threshold where it is not 0.5."""
        if self.cut == 0.5:
            return super().key
        return f"{super().key}(threshold={'validation' if self.cut is None else format(self.cut, 'g')})"

    @property
    def title(self) -> str:
        """The name, and whether the threshold was chosen on validation episodes."""
        return f"{self.name} (tuned)" if self.tuned else self.name

    @property
    def chosen(self) -> float:
        """The threshold, once it is a number."""
        assert self.cut is not None, "a number takes its place before anything is measured"
        return self.cut

    def at(self, threshold: float) -> Self:
        """The metric with a number as its threshold."""
        made = copy.copy(self)
        made.tuned, made.cut = False, threshold
        return made

    def best_threshold(self, scores: Float[Tensor, "e q n"], targets: Int8[Tensor, "e q n"], rules: Rules) -> float:
        """The threshold at which the mean over episodes is greatest, over all thresholds that there are."""
        from compose.evaluation.metrics.best_threshold import best_threshold

        return best_threshold(self, scores, targets, rules)

    @abstractmethod
    def groups(self, cells: Shaped[Tensor, "e q n"]) -> Shaped[Tensor, "e g c"]:
        """The cells of each episode by the groups that an F1 is of."""

    @abstractmethod
    def weights(self, positives: Int64[Tensor, "e g"], rules: Rules) -> Float64[Tensor, "e g"]:
        """What the F1 of each group counts in its episode, 1 in all; NaN where the metric is undefined.

        Args:
            positives: of each group.
            rules: what a label without positives counts.
        """

    def of_episodes(
        self, scores: Float[Tensor, "e q n"], targets: Int8[Tensor, "e q n"], rules: Rules
    ) -> Float64[Tensor, " e"]:
        """The F1 of the pairs predicted in each episode."""
        counts = self._count(scores > self.chosen, targets)
        return self._mean(counts.hits, counts, rules)

    def chance_of_episodes(
        self, scores: Float[Tensor, "e q n"], targets: Int8[Tensor, "e q n"], rules: Rules
    ) -> Float64[Tensor, " e"]:
        """Exact: the model's own scores, dealt out at random within each group."""
        counts = self._count(scores > self.chosen, targets)
        return self._mean(expected_hits(counts), counts, rules)

    def all_positive(self, targets: Int8[Tensor, "e q n"], rules: Rules) -> Float64[Tensor, " e"]:
        """What is reached in each episode by predicting every label for every query."""
        counts = self._count(torch.ones_like(targets, dtype=torch.bool), targets)
        return self._mean(counts.hits, counts, rules)

    def _count(self, predicted: Bool[Tensor, "e q n"], targets: Int8[Tensor, "e q n"]) -> Counts:
        chosen, truth = self.groups(predicted), self.groups(targets)
        known, positive = truth != 0, truth > 0
        return Counts(*(kind.sum(-1) for kind in (chosen & known, positive, chosen & positive, known)))

    def _mean(self, hits: Tensor, counts: Counts, rules: Rules) -> Float64[Tensor, " e"]:
        values = f1(hits, counts.predicted, counts.positives)
        return (values * self.weights(counts.positives, rules)).sum(1)


def count(scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], threshold: float) -> Counts:
    """The counts of each label.

    Args:
        scores: of every image and label.
        targets: 1, -1, 0 = unknown.
        threshold: a label is predicted where its score is greater.
    """
    sums = torch.zeros(4, scores.shape[1], dtype=torch.int64)
    for rows in chunks(*scores.shape):
        known, positive = targets[rows] != 0, targets[rows] > 0
        predicted = (scores[rows] > threshold) & known
        sums += torch.stack([per_label(kind) for kind in (predicted, positive, predicted & positive, known)])
    return Counts(*sums)


def f1(hits: Tensor, predicted: Tensor, positives: Tensor) -> Float64[Tensor, "*l"]:
    """2 hits / (predicted + positives); 0 where nothing is predicted and nothing positive."""
    return 2 * hits.double() / (predicted + positives).clamp(min=1)


def expected_hits(counts: Counts) -> Float64[Tensor, "*l"]:
    """The hits in the mean over all ways to deal out the same scores at random among the known targets of a group."""
    return counts.predicted.double() * counts.positives / counts.known.clamp(min=1)
