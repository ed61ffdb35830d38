"""Evaluation on episodes: the mean over many small tasks of classes never seen, with its 95% interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TypeAlias

import numpy as np
import torch
from jaxtyping import Float32, Float64
from torch import Tensor

from compose.data.class_pool import ClassPool
from compose.data.episodes import Episodes, EpisodeShape
from compose.data.kept import Kept
from compose.data.source import DataSource, Examples, Split
from compose.evaluation.driver import Model
from compose.evaluation.episode_protocol import EpisodeProtocol
from compose.evaluation.errors import EvaluationError
from compose.evaluation.metric import EpisodeMetric
from compose.evaluation.protocol import labels_hash
from compose.evaluation.result import TaskResult
from compose.evaluation.rules import Rules

NORMAL = 1.959963984540054
"""The 97.5% quantile of the normal distribution."""


TARGETS = ("targets", "query_targets")
"""What episodes hold that no score may see."""
TOGETHER = 512
"""Episodes that are drawn at a time."""
ALIKE = 1e-3
"""By how much of the greatest score the model's parts may differ from the whole."""

Features: TypeAlias = Callable[[dict[str, Tensor]], dict[str, Tensor]]
"""A batch of examples -> what a model needs of them, with their targets."""


@dataclass(frozen=True)
class ModelParts:
    """A model in two parts: what it computes of each picture alone, and what it does with that in an episode.

    Args:
        features: a batch of examples -> what ``rest`` takes in their stead, and their targets; on the processor.
        rest: as a model, with that in place of the pictures.
    """

    features: Features
    rest: Model


@dataclass(frozen=True)
class EpisodeTest:
    """The episodes of a test: the same ones whenever it is run.

    Args:
        shape: what an episode holds.
        episodes: how many there are.
        seed: what they are drawn by.
        split: of the data.
    """

    shape: EpisodeShape
    episodes: int
    seed: int
    split: Split

    @property
    def task(self) -> str:
        """The task's name."""
        return f"{self.shape.ways}-way {self.shape.shots}-shot"

    def draw(self, source: DataSource, features: Features = dict) -> Episodes:
        """The episodes, with each of the pictures that they hold read once.

        Args:
            source: where the pictures come from.
            features: what is made of a batch of pictures, and kept in their stead.

        Raises:
            DataError: the data has too few classes, or classes with too few pictures.
        """
        pool = ClassPool(source, self.split)
        drawn, starts = self._of(pool), range(0, self.episodes, TOGETHER)
        rows = [np.unique(drawn.draw(range(i, min(i + TOGETHER, self.episodes))).rows) for i in starts]
        return self._of(pool, Kept(pool.examples, np.concatenate(rows), compute=features))

    def _of(self, pool: ClassPool, examples: Examples | None = None) -> Episodes:
        shapes = [self.shape]
        return Episodes(pool, shapes, sampling="uniform", seed=self.seed, count=self.episodes, examples=examples)

    def check(self, source: DataSource) -> None:
        """Check that the data has such episodes, as :meth:`draw` does, without reading their pictures."""
        ClassPool(source, self.split).check(self.shape.ways, self.shape.shots + self.shape.queries)

    def run(
        self,
        model: Model,
        source: DataSource,
        metrics: Sequence[EpisodeMetric],
        *,
        data: str,
        inputs: Mapping[str, Tensor],
        rules: Rules,
        batch: int,
        parts: ModelParts | None = None,
        device: torch.device | str = "cpu",
        on_batch: Callable[[int], None] | None = None,
    ) -> TaskResult:
        """Score the queries of every episode and measure.

        Args:
            model: the inputs of a batch of episodes by port name -> ``scores`` ``e q n``; in evaluation mode.
            source: where the pictures come from.
            metrics: what is measured.
            data: the data source's name, for the protocol.
            inputs: what the label space gives.
            rules: the order of ties.
            batch: pictures scored at a time, at least those of one episode.
            parts: of the model; with them the features of a picture are computed once, in however many episodes it is.
            device: where the model is.
            on_batch: told the number of pictures after each batch.

        Raises:
            DataError: see :meth:`draw`.
            EvaluationError: scores that are not finite or of another shape.
        """
        size = max(1, batch // self.shape.pictures)
        fixed = {name: value.to(device) for name, value in inputs.items()}
        episodes, score = self._scoring(_Scoring(model, fixed, device), source, parts, size)
        values: dict[str, list[Float64[Tensor, " e"]]] = {metric.key: [] for metric in metrics}
        chance = {metric.key: 0.0 for metric in metrics}
        for start in range(0, self.episodes, size):
            given = episodes[range(start, min(start + size, self.episodes))]
            targets, scores = given["query_targets"], score(given)
            _check(scores, targets, self.task)
            for metric in metrics:
                values[metric.key].append(metric.of_episodes(scores, targets, rules))
                by_chance = metric.chance(scores.flatten(0, 1), targets.flatten(0, 1), rules)
                chance[metric.key] += by_chance * len(targets) / self.episodes
            if on_batch:
                on_batch(len(given["targets"]))
        found = {key: torch.cat(parts) for key, parts in values.items()}
        return TaskResult(
            metrics={key: float(per_episode.mean()) for key, per_episode in found.items()},
            chance=chance,
            prior=chance,  # all classes of an episode are equally frequent
            titles={metric.key: metric.title for metric in metrics},
            protocol=self._protocol(episodes, data),
            intervals={key: half_width(per_episode) for key, per_episode in found.items()},
        )

    def _scoring(
        self, whole: _Scoring, source: DataSource, parts: ModelParts | None, size: int
    ) -> tuple[Episodes, _Scoring]:
        """The episodes and what scores them: the model's parts where they say the same as the whole."""
        if parts is not None and _of_each(parts.features(source.split(self.split)[[0, 0]])):
            episodes, rest = self.draw(source, parts.features), replace(whole, model=parts.rest)
            first = range(min(size, self.episodes))
            expected = whole(self._of(episodes.pool)[first])
            found = rest(episodes[first])
            if found.shape == expected.shape and bool((found - expected).abs().max() <= ALIKE * expected.abs().max()):
                return episodes, rest
        return self.draw(source), whole

    def _protocol(self, episodes: Episodes, data: str) -> EpisodeProtocol:
        names = episodes.pool.names
        return EpisodeProtocol(
            task=self.task,
            data=data,
            split=self.split,
            ways=self.shape.ways,
            shots=self.shape.shots,
            queries=self.shape.queries,
            episodes=self.episodes,
            num_classes=len(names),
            labels=labels_hash(names),
            seed=self.seed,
        )


@dataclass(frozen=True)
class _Scoring:
    """What scores a batch of episodes, whatever else they hold."""

    model: Model
    fixed: Mapping[str, Tensor]
    device: torch.device | str

    def __call__(self, given: Mapping[str, Tensor]) -> Float32[Tensor, "e q n"]:
        asked = {name: value.to(self.device) for name, value in given.items() if name not in TARGETS}
        with torch.no_grad():
            return self.model({**self.fixed, **asked})["scores"].float().cpu()


def _of_each(features: Mapping[str, Tensor]) -> bool:
    """Whether these, of two pictures, are features of each."""
    return all(value.ndim > 0 and len(value) == 2 for value in features.values())


def half_width(values: Float64[Tensor, " e"]) -> float:
    """Half the 95% interval of a mean over episodes: 1.96 standard errors."""
    return NORMAL * float(values.std(unbiased=True)) / math.sqrt(len(values)) if len(values) > 1 else math.nan


def _check(scores: Tensor, targets: Tensor, task: str) -> None:
    if scores.shape != targets.shape:
        shapes = f"{tuple(targets.shape)} (episodes, queries, classes), got {tuple(scores.shape)}"
        raise EvaluationError(f"expected scores of shape {shapes}", task=task)
    if not scores.isfinite().all():
        raise EvaluationError("expected finite scores, got NaN or infinity", task=task)
