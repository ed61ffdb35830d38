"""The ``evaluate`` section of a spec."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeAlias

import torch
from jaxtyping import Float64
from pydantic import Field
from torch import Tensor

from compose.block import BlockError, MayChange, Refers, Use, section
from compose.data.source import Count, DataSource, Split
from compose.evaluation.episodes.episode_test import EpisodeTest, ModelParts
from compose.evaluation.evaluator import Truth, evaluate
from compose.evaluation.label_protocol import CountedImages, LabelContext, Task
from compose.evaluation.metrics.metric import EpisodeMetric
from compose.evaluation.metrics.metric_entries import make_metric, make_metrics, sets_parameters
from compose.evaluation.metrics.rules import NoPositives, Rules, Ties
from compose.evaluation.result import Result
from compose.evaluation.task_labels import NAMED, named_labels, task_labels
from compose.evaluation.task_scores import ScoringModel, score
from compose.labels.label_set import training_labels
from compose.labels.label_space import LabelSpace
from compose.processes.shares import ALONE, Shares
from compose.tasks.episodes import EpisodeShape

Ways = Annotated[int, Field(ge=2, le=1_000_000)]
MetricLike: TypeAlias = str | Mapping[str, Any]
OF_ADAPTATION = ("adapt", "inner_steps", "inner_lr")
"""The options on how a model adapts to episodes."""


@section(name="evaluate")
class Evaluation:
    """How a model is evaluated.

    Example:
        {tasks: [zsl, gzsl], metrics: [map, f1@3]}

    Args:
        tasks: zsl scores the unseen labels only, gzsl all labels, seen the seen ones; episodes draws many small
            tasks, of unseen classes where the data has such, and gives the mean over them with its 95% interval.
        metrics: what is measured, such as map, f1@3 or {use: micro_f1, threshold: 0.3}; map and f1@3 where none is
            named, and accuracy in episodes. Episodes have accuracy, micro_f1, macro_f1 and micro_auc.
        ways: classes, or labels, in an episode, one number or several, each a task of its own.
        shots: support examples of each of them, one number or several, each a task of its own.
        queries: query examples of each of them.
        episodes: how many of them.
        adapt: patterns of the nodes that adapt to each episode's support before its queries are scored; those of the
            last stage that adapts weights where not given.
        inner_steps: gradient steps on the support; those of that stage where not given, and 0 for no adaptation.
        inner_lr: their learning rate; where not given that stage's, learned ones as they were learned.
        seed: another seed draws other episodes.
        label_context: which labels are in use while a task's are scored: its own alone, or all, seen and unseen; it
            matters where labels speak to one another, as in a graph.
        images: all images of the split; only those with a positive label of the task (with_positives); or, whatever the
            task scores, only those with a seen, an unseen or any label; published figures differ here.
        no_positives: whether a label without positives is left out of a mean over labels (skip), or counts as 0 (zero)
            or as 1 (one).
        ties: the order of equal scores; grouped is scikit-learn's, stable takes the earlier image or label first, worst
            takes positives last.
        batch: images scored at a time.
        split: the split of the data that is evaluated.
    """

    def __init__(
        self,
        *,
        tasks: Annotated[tuple[Task | Literal["episodes"], ...], Field(min_length=1), MayChange()] = ("zsl", "gzsl"),
        metrics: Annotated[tuple[str | dict[str, Any], ...], Field(min_length=1), Use("metric"), MayChange()]
        | None = None,
        ways: Ways | Annotated[tuple[Ways, ...], Field(min_length=1), MayChange()] = 5,
        shots: Count | Annotated[tuple[Count, ...], Field(min_length=1), MayChange()] = 1,
        queries: Annotated[Count, MayChange()] = 15,
        episodes: Annotated[int, Field(ge=2, le=10_000_000), MayChange()] = 1000,
        adapt: Annotated[list[str], Refers("nodes")] | None = None,
        inner_steps: Annotated[int, Field(ge=0)] | None = None,
        inner_lr: Annotated[float, Field(gt=0)] | None = None,
        seed: int = 0,
        label_context: LabelContext = "task",
        images: CountedImages = "all",
        no_positives: NoPositives = "skip",
        ties: Ties = "grouped",
        batch: Annotated[int, Field(gt=0, le=1_000_000_000), MayChange()] = 256,
        split: Annotated[Split, MayChange()] = "test",
    ) -> None:
        self._options = {name: value for name, value in locals().items() if name != "self"}
        if len(set(tasks)) < len(tasks):
            raise BlockError(f"expected each task once, got {', '.join(tasks)}", parameter="tasks")
        self.tasks = tuple(task for task in tasks if task != "episodes")
        default = (*(("map", "f1@3") if self.tasks else ()), *(("accuracy",) if "episodes" in tasks else ()))
        self._entries: tuple[MetricLike, ...] = default if metrics is None else metrics
        self.metrics = make_metrics(self._entries)
        numbers = (shots,) if isinstance(shots, int) else tuple(dict.fromkeys(shots))
        self.episodes = tuple(
            EpisodeTest(EpisodeShape(classes, number, queries), episodes, seed, split)
            for classes in ((ways,) if isinstance(ways, int) else tuple(dict.fromkeys(ways)))
            for number in numbers
            if "episodes" in tasks
        )
        self._check_metrics(tasks)
        self._check_adaptation(tasks)
        self.adapt, self.inner_steps, self.inner_lr = adapt, inner_steps, inner_lr
        self.label_context: LabelContext = label_context
        self.images = images
        self.rules = Rules(ties=ties, no_positives=no_positives)
        self.batch, self.split, self.seed = batch, split, seed

    def _check_adaptation(self, tasks: Sequence[str]) -> None:
        """Refuse options on how a model adapts to episodes where there are none."""
        for name in OF_ADAPTATION:
            if self._options[name] is not None and not self.episodes:
                message = f"expected `episodes` among the tasks, which a model adapts to, got {', '.join(tasks)}"
                raise BlockError(message, parameter=name)

    def _check_metrics(self, tasks: Sequence[str]) -> None:
        """Refuse metrics that a task does not have."""
        strange = [metric.key for metric in self.metrics if not isinstance(metric, EpisodeMetric)]
        if self.episodes and strange and not (self.tasks and self.of_episodes):
            message = f"expected a metric that episodes have, such as accuracy, got {', '.join(strange)}"
            raise BlockError(message, parameter="metrics")
        for metric in self.metrics:
            if metric.both_kinds and "gzsl" not in tasks:
                wanted = f"expected the task gzsl for `{metric.key}`, got {', '.join(tasks)}"
                raise BlockError(f"{wanted}; it is of seen and unseen labels", parameter="metrics")
            if metric.tuned and self.tasks:
                wanted = f"expected episodes alone as tasks for `{metric.key}`, got {', '.join(tasks)}"
                raise BlockError(f"{wanted}; others have no validation tasks", parameter="metrics")

    def entry(self, name: str) -> MetricLike:
        """What a metric's name stands for: where it is measured here with options of its own, with those.

        Args:
            name: such as ``map``, ``f1@3`` or ``micro_f1``.

        Raises:
            BlockError: there is no such metric.
        """
        asked = make_metric(name)
        pairs = list(zip(self._entries, self.metrics, strict=True))
        same = [entry for entry, metric in pairs if metric.key == asked.key]
        alike = [entry for entry, metric in pairs if type(metric) is type(asked)]
        return next(iter([*same, *([] if sets_parameters(name) else alike)]), name)

    def validating(self, metrics: Iterable[MetricLike], **options: Any) -> Evaluation:
        """The same evaluation, for the validation of a stage of training: on the split ``val``, by the same protocol.

        Options that no task of it has are left out; and no image must show one of a named set of labels, as validation
        may be of others.

        Args:
            metrics: the entries of what is measured.
            options: what differs, such as the tasks, by the names of this class's options.
        """
        images = "all" if self.images in NAMED else self.images
        made = {**self._options, "split": "val", "images": images, **options, "metrics": tuple(metrics)}
        if "episodes" not in made["tasks"]:
            made |= dict.fromkeys(OF_ADAPTATION)
        return Evaluation(**made)

    @property
    def of_episodes(self) -> tuple[EpisodeMetric, ...]:
        """The metrics that episodes have."""
        return tuple(metric for metric in self.metrics if isinstance(metric, EpisodeMetric))

    @property
    def looks(self) -> bool:
        """Whether it measures where the model looks."""
        return any(metric.looks for metric in self.metrics)

    def check_thresholds(self, source: DataSource) -> None:
        """Check that the data has validation episodes, where thresholds are chosen on such; no example is read.

        Raises:
            EvaluationError: it has none.
        """
        for test in self.episodes if any(metric.tuned for metric in self.metrics) else ():
            test.check_validation(source)

    def run(
        self,
        model: ScoringModel,
        source: DataSource,
        space: LabelSpace,
        *,
        data: str,
        device: torch.device | str = "cpu",
        train_frequency: Float64[Tensor, " l"] | None = None,
        parts: ModelParts | None = None,
        on_batch: Callable[[int], None] | None = None,
        shares: Shares = ALONE,
        each_label: bool = False,
    ) -> Result:
        """Score a split of a data source and measure.

        Args:
            model: as in :mod:`~compose.evaluation.task_scores`; in evaluation mode. Modules are counted where it
                tells which.
            source: where the images come from.
            space: the labels, and what a model is given of them.
            data: the data source's name, for the protocol.
            device: where the model is.
            train_frequency: the share of training images that carry each label, for the class prior.
            parts: the parts of a model of episodes, which make it faster.
            on_batch: told the number of images after each batch.
            shares: the processes that score, each its share; all of them get the result.
            each_label: whether the result of each label, and what is got wrong, is told, too.

        Raises:
            EvaluationError: a task has no labels, scores do not fit or are not finite, the data has no validation
                episodes to choose a threshold on, or the evaluation :attr:`looks` and the model does not tell where, or
                the examples have no boxes.
        """
        found = Result({})
        if self.tasks:
            found = self._labels(model, source, space, data, device, train_frequency, on_batch, shares, each_label)
        results = dict(found.tasks)
        for test in self.episodes:
            results[test.task] = test.run(
                model,
                source,
                self.of_episodes,
                data=data,
                inputs=space.inputs(training_labels(space.table)),
                rules=self.rules,
                batch=self.batch,
                parts=parts,
                device=device,
                on_batch=on_batch,
                shares=shares,
                each_label=each_label,
            )
        return Result(results, found.unmeasured)

    def _labels(
        self,
        model: ScoringModel,
        source: DataSource,
        space: LabelSpace,
        data: str,
        device: torch.device | str,
        train_frequency: Float64[Tensor, " l"] | None,
        on_batch: Callable[[int], None] | None,
        shares: Shares,
        each_label: bool,
    ) -> Result:
        """The tasks that score labels."""
        labels = task_labels(space.table, self.tasks, dropped=space.dropped)
        named = named_labels(space.table, self.images, dropped=space.dropped)
        examples = source.split(self.split)
        found = score(
            model,
            examples,
            labels,
            space.inputs,
            context=space.label_set("all") if self.label_context == "all" else None,
            images=self.images,
            named=named,
            looks=self.looks,
            batch=self.batch,
            device=device,
            on_batch=on_batch,
            shares=shares,
        )
        if not shares.first:
            return shares.broadcast(None)
        truth = Truth(found.targets, data, self.split, train_frequency, self.label_context)
        result = evaluate(
            found.scores,
            truth,
            labels,
            self.metrics,
            rules=self.rules,
            images=self.images,
            named=named,
            box_hits=found.box_hits,
            usage=found.usage,
            each_label=each_label,
        )
        return shares.broadcast(result)
