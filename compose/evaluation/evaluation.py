"""The ``evaluate`` section of a spec."""

from __future__ import annotations

from collections.abc import Callable, Collection
from typing import Annotated, Any

import torch
from jaxtyping import Float64
from pydantic import Field
from torch import Tensor

from compose.block import BlockError, Use, section
from compose.data.source import DataSource, Split
from compose.evaluation.driver import LabelInputs, Model, score
from compose.evaluation.entries import make_metrics
from compose.evaluation.evaluate import Truth, evaluate
from compose.evaluation.labels import task_labels
from compose.evaluation.protocol import Images, LabelContext, Task
from compose.evaluation.result import Result
from compose.evaluation.rules import NoPositives, Rules, Ties


@section(name="evaluate")
class Evaluation:
    """How a model is evaluated.

    Args:
        tasks: zsl scores the unseen labels only, gzsl all labels, seen the seen ones.
        metrics: what is measured, such as map, f1@3 or {use: micro_f1, threshold: 0.3}.
        label_context: which labels are in use while a task's are scored: its own alone, or all, seen and unseen; it
            matters where labels speak to one another, as in a graph.
        images: all images of the split, or only those with a positive label of the task; published figures differ here.
        no_positives: whether a label without positives is left out of a mean over labels (skip) or counts as 0 (zero).
        ties: the order of equal scores; grouped is scikit-learn's, stable takes the earlier image or label first, worst
            takes positives last.
        batch: images scored at a time.
        split: the split of the data that is evaluated.
    """

    def __init__(
        self,
        *,
        tasks: Annotated[tuple[Task, ...], Field(min_length=1)] = ("zsl", "gzsl"),
        metrics: Annotated[tuple[str | dict[str, Any], ...], Field(min_length=1), Use("metric")] = ("map", "f1@3"),
        label_context: LabelContext = "task",
        images: Images = "all",
        no_positives: NoPositives = "skip",
        ties: Ties = "grouped",
        batch: Annotated[int, Field(gt=0)] = 256,
        split: Split = "test",
    ) -> None:
        if len(set(tasks)) < len(tasks):
            raise BlockError(f"expected each task once, got {', '.join(tasks)}", parameter="tasks")
        self.tasks = tuple(tasks)
        self.metrics = make_metrics(metrics)
        for metric in self.metrics:
            if metric.both_kinds and "gzsl" not in tasks:
                wanted = f"expected the task gzsl for `{metric.key}`, got {', '.join(tasks)}"
                raise BlockError(f"{wanted}; it is of seen and unseen labels", parameter="metrics")
        self.label_context: LabelContext = label_context
        self.images = images
        self.rules = Rules(ties=ties, no_positives=no_positives)
        self.batch = batch
        self.split = split

    @property
    def looks(self) -> bool:
        """Whether it measures where the model looks."""
        return any(metric.looks for metric in self.metrics)

    def run(
        self,
        model: Model,
        source: DataSource,
        label_inputs: LabelInputs,
        *,
        data: str,
        device: torch.device | str = "cpu",
        train_frequency: Float64[Tensor, " l"] | None = None,
        dropped: Collection[str] = (),
        on_batch: Callable[[int], None] | None = None,
    ) -> Result:
        """Score a split of a data source and measure.

        Args:
            model: as in :mod:`~compose.evaluation.driver`; in evaluation mode. Only where it tells are modules counted.
            source: where the images come from.
            label_inputs: a label set -> what the label space gives for it by port name.
            data: the data source's name, for the protocol.
            device: where the model is.
            train_frequency: the share of training images that carry each label, for the class prior.
            dropped: labels that the label space leaves out.
            on_batch: told the number of images after each batch.

        Raises:
            EvaluationError: a task has no labels or no positive target, scores do not fit or are not finite, or the
                evaluation :attr:`looks` and the model does not tell where, or the examples have no boxes.
        """
        labels = task_labels(source.labels, self.tasks, dropped=dropped)
        examples = source.split(self.split)
        everything = task_labels(source.labels, ["gzsl"], dropped=dropped)[0] if self.label_context == "all" else None
        answers = score(
            model,
            examples,
            labels,
            label_inputs,
            context=everything,
            images=self.images,
            looks=self.looks,
            batch=self.batch,
            device=device,
            on_batch=on_batch,
        )
        truth = Truth(answers.targets, data, self.split, train_frequency, self.label_context)
        return evaluate(
            answers.scores,
            truth,
            labels,
            self.metrics,
            rules=self.rules,
            images=self.images,
            located=answers.located,
            usage=answers.usage,
        )
