"""Scores and truth in, result out."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Float64, Int8, Int64
from torch import Tensor

from compose.data.source import Split
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.label_protocol import CountedImages, LabelContext, LabelProtocol, Task, labels_hash, looked_at
from compose.evaluation.measurable import unmeasurable
from compose.evaluation.metrics.box_hits import BoxHits
from compose.evaluation.metrics.metric import Metric
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.mistakes.find_mistakes import task_mistakes
from compose.evaluation.mistakes.task_mistakes import TaskMistakes
from compose.evaluation.module_usage import ModuleUsage
from compose.evaluation.per_label import LabelResult, label_results
from compose.evaluation.prior import class_prior
from compose.evaluation.result import Result, TaskResult
from compose.evaluation.scored_task import ScoredTask, counted
from compose.labels.label_set import LabelSet


@dataclass(frozen=True)
class Truth:
    """What scores are compared with.

    Args:
        targets: over all labels of the data, 1 = present, -1 = absent, 0 = unknown.
        data: the name of the data source.
        split: its split.
        train_frequency: the share of training images that carry each label, for the class prior.
        label_context: which labels were in use while the scores were computed.
    """

    targets: Int8[Tensor, "b l"]
    data: str
    split: Split
    train_frequency: Float64[Tensor, " l"] | None = None
    label_context: LabelContext = "task"


def evaluate(
    scores: Mapping[Task, Float[Tensor, "b l"]],
    truth: Truth,
    labels: Mapping[Task, LabelSet],
    metrics: Sequence[Metric],
    *,
    rules: Rules | None = None,
    images: CountedImages = "all",
    named: LabelSet | None = None,
    box_hits: Mapping[Task, BoxHits] | None = None,
    usage: Mapping[Task, Int64[Tensor, "l m"]] | None = None,
    each_label: bool = False,
) -> Result:
    """Every metric of every task, with chance and the class prior beside it.

    Args:
        scores: task -> scores of all images, a column for each of the task's labels.
        truth: what they are compared with.
        labels: the labels of each task.
        metrics: what is measured.
        rules: the order of ties, and what a label without positives counts.
        images: all, or only those with a positive label of the task, or of a named set.
        named: the labels of that set.
        box_hits: task -> where the model looks, for metrics of that; its labels are columns of the truth.
        usage: task -> how often each module gave a label's score, where the model has modules.
        each_label: whether the result of each label, and what is got wrong, is told, too.

    A task whose targets nothing can be measured on is left out, and the result says why.

    Raises:
        EvaluationError: scores are missing, not finite or of the wrong shape, or targets are no such.
    """
    results: dict[str, TaskResult] = {}
    unmeasured: dict[str, str] = {}
    for task, own in labels.items():
        if task not in scores:
            got = ", ".join(scores) or "none"
            raise EvaluationError(f"expected scores of this task, got those of {got}", task=task)
        _check(scores[task], truth.targets[:, own.index], task)
        targets, kept = truth.targets[:, own.index], counted(truth.targets, own, images, named)
        if why := unmeasurable(targets) or unmeasurable(targets[kept]):
            unmeasured[task] = why
            continue
        scored = _scored(scores[task], truth, own, kept, (box_hits or {}).get(task))
        counts = (usage or {}).get(task)
        results[task] = _measure(
            scored,
            metrics,
            rules or Rules(),
            _protocol(task, scored, truth, own, metrics, rules or Rules(), images),
            None if counts is None else ModuleUsage(counts, own.names, own.seen),
            label_results(scored, own.names, rules or Rules()) if each_label else (),
            _mistakes(scored, truth, own, kept) if each_label else None,
        )
    return Result(results, unmeasured)


def _scored(
    scores: Float[Tensor, "b l"],
    truth: Truth,
    labels: LabelSet,
    kept: Bool[Tensor, " b"],
    box_hits: BoxHits | None,
) -> ScoredTask:
    """What counts for a task."""
    targets = truth.targets[:, labels.index]
    if not kept.all():
        scores, targets = scores[kept], targets[kept]
    if scores.dtype not in (torch.float32, torch.float64):
        scores = scores.float()
    trained = None if truth.train_frequency is None else truth.train_frequency[labels.index]
    frequency = class_prior(targets, labels.seen, trained)
    cut = None if box_hits is None else box_hits.cut(kept.nonzero()[:, 0], labels.index)
    return ScoredTask(scores, targets, frequency, labels.seen, cut)


def _measure(
    task: ScoredTask,
    metrics: Sequence[Metric],
    rules: Rules,
    protocol: LabelProtocol,
    modules: ModuleUsage | None,
    labels: Sequence[LabelResult],
    mistakes: TaskMistakes | None,
) -> TaskResult:
    measured = {metric: found for metric in metrics if (found := metric.measure(task, rules))}
    return TaskResult(
        metrics={metric.key: found.value for metric, found in measured.items()},
        chance={metric.key: found.chance for metric, found in measured.items()},
        prior={metric.key: found.prior for metric, found in measured.items()},
        titles={metric.key: metric.title for metric in measured},
        protocol=protocol,
        undefined={metric.key: metric.undefined for metric, found in measured.items() if math.isnan(found.value)},
        modules=modules,
        labels=labels,
        mistakes=mistakes,
    )


def _mistakes(task: ScoredTask, truth: Truth, labels: LabelSet, kept: Bool[Tensor, " b"]) -> TaskMistakes:
    return task_mistakes(task, kept.nonzero()[:, 0], labels.names, truth.split)


def _check(scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], task: Task) -> None:
    """Refuse what are no scores and no targets."""
    if scores.shape != targets.shape or not scores.is_floating_point():
        raise EvaluationError(
            f"expected float scores of shape {tuple(targets.shape)} (images, labels), "
            f"got {scores.dtype} of shape {tuple(scores.shape)}",
            task=task,
        )
    bad = scores.numel() - int(torch.count_nonzero(scores.isfinite()))
    if bad:
        problem = f"expected finite scores, got NaN or infinity in {bad:,} of {scores.numel():,}"
    elif targets.dtype != torch.int8 or targets.min() < -1 or targets.max() > 1:
        problem = "expected int8 targets 1 (present), -1 (absent) and 0 (unknown), got others"
    else:
        return
    raise EvaluationError(problem, task=task)


def _protocol(
    task: Task,
    scored: ScoredTask,
    truth: Truth,
    labels: LabelSet,
    metrics: Sequence[Metric],
    rules: Rules,
    images: CountedImages,
) -> LabelProtocol:
    targets = scored.targets
    tolerances = sorted({metric.tolerance for metric in metrics if metric.looks})
    return LabelProtocol(
        task=task,
        data=truth.data,
        split=truth.split,
        images=images,
        num_images=targets.shape[0],
        num_labels=targets.shape[1],
        label_context=truth.label_context,
        labels=labels_hash(labels.names),
        no_positives=rules.no_positives,
        ties=rules.ties,
        positives=int(torch.count_nonzero(targets > 0)),
        negatives=int(torch.count_nonzero(targets < 0)),
        unknown=int(torch.count_nonzero(targets == 0)),
        localisation=looked_at(tolerances) if tolerances else None,
        boxed=len(scored.box_hits.images) if scored.box_hits and tolerances else None,
    )
