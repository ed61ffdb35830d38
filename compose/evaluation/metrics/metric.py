"""The contract of a metric: its value, what chance reaches, and what the class prior reaches."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator
from typing import ClassVar, Self

import torch
from jaxtyping import Float, Float64, Int8
from torch import Tensor

from compose.block import registration
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.scored_task import Measured, ScoredTask

CHUNK_CELLS = 2**21
"""Scores that a metric works on at a time: bounds its memory, whatever the number of images and labels."""

CHANCE_DRAWS = 5
CHANCE_SEED = 0x636F6D70  # a common one would draw the very numbers that made a synthetic data set


class Metric(ABC):
    """A number between 0 and 1 for a matrix of scores and its truth; a higher one is better.

    Register a subclass with ``@metric``. Scores are finite and of any scale; targets are 1 = present, -1 = absent,
    0 = unknown, and hold at least one 1.
    """

    looks: ClassVar[bool] = False
    """Whether it depends on where the model looks."""
    tolerance: float = 0.0
    """By how many pixels the boxes grow that it compares places with; without meaning where it doesn't look."""
    both_kinds: ClassVar[bool] = False
    """Whether it exists only where seen and unseen labels are scored together."""
    tuned: bool = False
    """Whether a threshold of the score is chosen on validation episodes, so that only episodes have it."""
    undefined: ClassVar[str] = "no example has what it counts"
    """Why its value is NaN, where it is."""
    cut: float | None = None
    """The threshold above which a label is predicted; None where there is none, or it is yet to be chosen."""

    @property
    def key(self) -> str:
        """The name under which a result holds the value, as a spec may write it: ``map``, ``f1@3``."""
        return registration(type(self)).name

    @property
    def title(self) -> str:
        """The name as a table prints it."""
        return self.key

    def measure(self, task: ScoredTask, rules: Rules) -> Measured | None:
        """What the model, chance and the class prior reach; None where the metric does not exist for a task.

        Args:
            task: what is measured.
            rules: as in :meth:`value`.
        """
        return Measured(
            value=self.value(task.scores, task.targets, rules),
            chance=self.chance(task.scores, task.targets, rules),
            prior=self.prior(task.frequency, task.targets, rules),
        )

    @abstractmethod
    def value(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """The metric.

        Args:
            scores: of every image and label.
            targets: the truth.
            rules: the protocol's order of ties, and what a label without positives counts.
        """

    def chance(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """What a random score reaches, in the mean over seeded draws; a metric that knows the exact mean gives it.

        Args:
            scores: the model's; only a metric with a threshold looks at them.
            targets: the truth.
            rules: as in :meth:`value`.
        """
        generator = torch.Generator().manual_seed(CHANCE_SEED)
        draws = (torch.rand(targets.shape, generator=generator) for _ in range(CHANCE_DRAWS))
        return sum(self.value(draw, targets, rules) for draw in draws) / CHANCE_DRAWS

    def prior(self, frequency: Float[Tensor, " l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """What is reached by giving every image the labels' frequencies as its scores.

        Args:
            frequency: the share of images that carry the label.
            targets: the truth.
            rules: as in :meth:`value`.
        """
        return self.value(frequency.expand(targets.shape), targets, rules)


class EpisodeMetric(Metric):
    """A metric that each episode has a value of, so that their mean has an interval.

    NaN is the value of an episode in which the metric is undefined. The mean leaves it out, and the interval counts
    only the others.
    """

    @abstractmethod
    def of_episodes(
        self, scores: Float[Tensor, "e q n"], targets: Int8[Tensor, "e q n"], rules: Rules
    ) -> Float64[Tensor, " e"]:
        """The metric of each episode.

        Args:
            scores: of every query and class.
            targets: the truth; all are 0 for a query that only fills an episode up.
            rules: as in :meth:`value`.
        """

    def chance_of_episodes(
        self, scores: Float[Tensor, "e q n"], targets: Int8[Tensor, "e q n"], rules: Rules
    ) -> Float64[Tensor, " e"]:
        """What a random score reaches in each episode; a metric that knows it of all at once need not go through them.

        Args:
            scores: the model's; only a metric with a threshold looks at them.
            targets: the truth.
            rules: as in :meth:`value`.
        """
        found = [self.chance(*episode, rules) for episode in zip(scores, targets, strict=True)]
        return torch.tensor(found, dtype=torch.float64)

    def best_threshold(self, scores: Float[Tensor, "e q n"], targets: Int8[Tensor, "e q n"], rules: Rules) -> float:
        """The threshold at which the mean over episodes is greatest, for a metric that is :attr:`tuned`.

        Args:
            scores: of every query and class.
            targets: the truth.
            rules: as in :meth:`value`.
        """
        raise TypeError(f"expected a metric with a threshold that is chosen, got `{self.key}`")

    def at(self, threshold: float) -> Self:
        """The metric with such a threshold; itself where it has none."""
        return self

    def all_positive(self, targets: Int8[Tensor, "e q n"], rules: Rules) -> Float64[Tensor, " e"] | None:
        """What is reached in each episode by predicting every label for every query; None without a threshold."""
        return None


def chunks(length: int, width: int) -> Iterator[slice]:
    """Slices of a dim of this length, whose other dim has this width, of at most ``CHUNK_CELLS`` cells each."""
    step = max(1, CHUNK_CELLS // max(1, width))
    return (slice(start, start + step) for start in range(0, length, step))
