"""Evaluation on episodes: the mean over many small tasks of classes never seen, with its 95% interval."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch
from jaxtyping import Float64, Int64
from torch import Tensor

from compose.data.source import DataError, DataSource, Examples, Split
from compose.evaluation.episodes.episode_mean import episode_mean
from compose.evaluation.episodes.episode_protocol import EpisodeProtocol
from compose.evaluation.episodes.episode_scores import EpisodeModel, EpisodeScores, check_scores
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.label_protocol import labels_hash
from compose.evaluation.metrics.metric import EpisodeMetric
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.mistakes.find_mistakes import episode_mistakes
from compose.evaluation.mistakes.task_mistakes import TaskMistakes
from compose.evaluation.result import TaskResult
from compose.evaluation.task_scores import ScoringModel
from compose.processes.shares import ALONE, SharedRows, Shares
from compose.tasks.episodes import EpisodeShape
from compose.tasks.example_cache import ExampleCache
from compose.tasks.label_tasks import LabelTasks
from compose.tasks.task_pool import check_tasks, draw_tasks, pool_frequency

if TYPE_CHECKING:
    from compose.tasks.episodes import Episodes

TOGETHER = 512
"""Episodes that are drawn at a time."""
COMPARED = 2
"""Episodes on which the model's parts are compared with the whole, which takes all their pictures."""
ALIKE = 1e-3
"""By how much of the greatest score the model's parts may differ from the whole."""

Features: TypeAlias = Callable[[dict[str, Tensor]], dict[str, Tensor]]
"""A batch of examples -> what a model needs of them, with their targets."""


@dataclass(frozen=True)
class ModelParts:
    """A model in two parts: what it computes of each example alone, and what it does with that in an episode.

    Args:
        features: a batch of examples -> what ``rest`` takes in their stead, and their targets; on the processor.
        rest: as a model, with that in place of the examples.
    """

    features: Features
    rest: ScoringModel


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

    @property
    def validation(self) -> EpisodeTest:
        """As many episodes of the split ``val`` to choose thresholds on: none of its own, where it is of that split."""
        return replace(self, split="val", seed=self.seed + (self.split == "val"))

    def draw(self, source: DataSource, features: Features = dict, shares: Shares = ALONE) -> Episodes | LabelTasks:
        """The episodes, with each of the examples that they hold read once.

        Args:
            source: where the examples come from.
            features: what is made of a batch of examples, and kept in their stead.
            shares: the processes that make it, each of its share.

        Raises:
            DataError: the data has too few classes, or classes with too few examples.
        """
        drawn, starts = self._of(source), range(0, self.episodes, TOGETHER)
        rows = [np.unique(drawn.draw(range(i, min(i + TOGETHER, self.episodes))).rows) for i in starts]
        return self._of(
            source, ExampleCache(drawn.pool.examples, np.concatenate(rows), compute=features, shares=shares)
        )

    def _of(self, source: DataSource, examples: Examples | None = None) -> Episodes | LabelTasks:
        return draw_tasks(
            source,
            self.split,
            [self.shape],
            sampling="uniform",
            seed=self.seed,
            count=self.episodes,
            examples=examples,
        )

    def check(self, source: DataSource) -> None:
        """Check that the data has such episodes, as :meth:`draw` does, without reading their examples."""
        check_tasks(source, self.split, self.shape.ways, self.shape.shots, self.shape.queries)

    def check_validation(self, source: DataSource) -> None:
        """Check that the data has episodes to choose thresholds on, without reading their examples.

        Raises:
            EvaluationError: it has none.
        """
        try:
            self.validation.check(source)
        except DataError as error:
            message = f"expected validation episodes for `threshold: validation`, but {error}"
            raise EvaluationError(message, task=self.task) from None

    def run(
        self,
        model: ScoringModel,
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
        shares: Shares = ALONE,
        each_label: bool = False,
    ) -> TaskResult:
        """Score the queries of every episode and measure; all episodes weigh alike.

        Where a metric's threshold is chosen on :attr:`validation`, those episodes are scored before.

        Args:
            model: the inputs of a batch of episodes by port name -> ``scores`` ``e q n``; in evaluation mode.
            source: where the examples come from.
            metrics: what is measured.
            data: the data source's name, for the protocol.
            inputs: what the label space gives.
            rules: the order of ties, and what a label without positives counts.
            batch: examples scored at a time, at least those of one episode.
            parts: of the model; with them the features of an example are computed once, in however many episodes it is.
            device: where the model is.
            on_batch: told the number of examples after each batch.
            shares: the processes that score, each its share of the episodes; all of them get the result.
            each_label: whether it is told what is got wrong, too.

        Raises:
            DataError: see :meth:`draw`.
            EvaluationError: scores that are not finite or of another shape, or no validation episodes where a threshold
                is chosen on them.
        """
        whole = EpisodeModel(model, {name: value.to(device) for name, value in inputs.items()}, device)
        validation = None
        if any(metric.tuned for metric in metrics):
            self.check_validation(source)
            chosen_on, score = self.validation._scoring(whole, source, parts, batch, shares)
            validation, _ = self.validation._scores(chosen_on, score, batch, on_batch, shares)
        episodes, score = self._scoring(whole, source, parts, batch, shares)
        scores, classes = self._scores(episodes, score, batch, on_batch, shares)
        if not shares.first:
            return shares.broadcast(None)
        found = {metric.key: episode_mean(metric, scores, validation, rules) for metric in metrics}
        result = TaskResult(
            metrics={key: mean.value for key, mean in found.items()},
            chance={key: mean.chance for key, mean in found.items()},
            prior={key: mean.prior for key, mean in found.items()},
            titles={metric.key: metric.title for metric in metrics},
            protocol=self._protocol(
                source,
                episodes,
                data,
                {key: mean.threshold for key, mean in found.items() if mean.threshold is not None},
            ),
            intervals={key: mean.interval for key, mean in found.items()},
            undefined={metric.key: metric.undefined for metric in metrics if math.isnan(found[metric.key].value)},
            all_positive={key: mean.all_positive for key, mean in found.items() if mean.all_positive is not None},
            mistakes=self._mistakes(scores, classes, episodes, source) if each_label else None,
        )
        return shares.broadcast(result)

    def _mistakes(
        self, scores: EpisodeScores, classes: Int64[Tensor, "e n"], episodes: Episodes | LabelTasks, source: DataSource
    ) -> TaskMistakes:
        def query_rows(number: int) -> list[int]:
            rows: list[int] = episodes.draw([number]).rows[0, self.shape.support :].tolist()
            return rows

        return episode_mistakes(scores, classes, query_rows, source.labels.names, self.split)

    def _together(self, batch: int) -> int:
        """How many episodes hold so many examples, but at least one."""
        return min(self.episodes, max(1, batch // self.shape.pictures))

    def _scoring(
        self, whole: EpisodeModel, source: DataSource, parts: ModelParts | None, batch: int, shares: Shares
    ) -> tuple[Episodes | LabelTasks, EpisodeModel]:
        """The episodes and what scores them: the model's parts where they say the same as the whole."""
        if parts is not None and _of_each(parts.features(source.task_examples(self.split)[[0, 0]])):
            episodes, rest = self.draw(source, parts.features, shares), replace(whole, model=parts.rest)
            first = range(min(COMPARED, self._together(batch)))
            expected = whole(self._of(source)[first])
            found = rest(episodes[first])
            same = found.shape == expected.shape
            same = same and bool((found - expected).abs().max() <= ALIKE * expected.abs().max())
            if all(shares.each(same)):
                return episodes, rest
        return self.draw(source, shares=shares), whole

    def _scores(
        self,
        episodes: Episodes | LabelTasks,
        score: EpisodeModel,
        batch: int,
        on_batch: Callable[[int], None] | None,
        shares: Shares,
    ) -> tuple[EpisodeScores, Int64[Tensor, "e n"]]:
        """The scores of all queries, beside the truth and the label prior, and which classes each episode has."""
        scores, targets, labels = [], [], []
        rows = SharedRows(self.episodes, self._together(batch), shares)
        for numbers, count in rows:
            given = episodes[numbers]
            found = score(given)
            check_scores(found, given["query_targets"], self.task)
            scores.append(found[:count])
            targets.append(given["query_targets"][:count])
            labels.append(given["episode_labels"][:count])
            if on_batch:
                on_batch(count * self.shape.pictures)
        parts = (rows.collect(torch.cat(part)) for part in (scores, targets, labels))
        all_scores, all_targets, all_labels = parts
        return EpisodeScores(all_scores, all_targets, _frequency(episodes)[all_labels]), all_labels

    def _protocol(
        self, source: DataSource, episodes: Episodes | LabelTasks, data: str, thresholds: Mapping[str, float]
    ) -> EpisodeProtocol:
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
            examples=source.example_protocol,
            thresholds=thresholds or None,
            seed=self.seed,
        )


def _frequency(episodes: Episodes | LabelTasks) -> Float64[Tensor, " l"]:
    """How frequent each label of the data is: all classes alike, or by the share of the split's examples."""
    frequency = torch.full((int(episodes.pool.columns.max()) + 1,), 1 / episodes.shapes[0].ways, dtype=torch.float64)
    if isinstance(episodes, LabelTasks):
        frequency[episodes.pool.columns] = torch.from_numpy(pool_frequency(episodes.pool))
    return frequency


def _of_each(features: Mapping[str, Tensor]) -> bool:
    """Whether these, of two examples, are features of each."""
    return all(value.ndim > 0 and len(value) == 2 for value in features.values())
