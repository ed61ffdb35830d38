"""What a model reaches on each label by itself."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float, Float64, Int8
from torch import Tensor

from compose.evaluation.metrics.average_precision import expected_average_precision, label_average_precision
from compose.evaluation.metrics.counts import per_label
from compose.evaluation.metrics.metric import chunks
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.metrics.threshold import f1
from compose.evaluation.scored_task import ScoredTask


@dataclass(frozen=True)
class LabelResult:
    """What a model reaches on one label; NaN where no image shows it.

    Args:
        label: its name.
        seen: whether the model may be trained on it.
        positives: images that show it.
        negatives: images that do not.
        unknown: images of which nobody said; they count for nothing here.
        ap: the average precision of its ranking of the images.
        chance: the exact mean of that over random rankings.
        best_f1: the greatest F1 that a threshold of its score reaches on these very images. It tells how well the
            scores part them, and is no result of a protocol: the threshold has seen the truth.
        threshold: that threshold; the label is predicted where its score is greater.
    """

    label: str
    seen: bool
    positives: int
    negatives: int
    unknown: int
    ap: float
    chance: float
    best_f1: float
    threshold: float


def label_results(task: ScoredTask, names: Sequence[str], rules: Rules) -> tuple[LabelResult, ...]:
    """The result of each label.

    Args:
        task: the images and labels that count.
        names: of the labels.
        rules: the order of ties.
    """
    counts = [per_label(found) for found in (task.targets > 0, task.targets < 0, task.targets == 0)]
    chance = expected_average_precision(counts[0], counts[0] + counts[1])
    columns = [label_average_precision(task.scores, task.targets, rules), chance, *_best(task.scores, task.targets)]
    rows = zip(*(column.tolist() for column in (*counts, *columns)), strict=True)
    return tuple(LabelResult(name, bool(seen), *row) for name, seen, row in zip(names, task.seen, rows, strict=True))


def _best(
    scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"]
) -> tuple[Float64[Tensor, " l"], Float64[Tensor, " l"]]:
    """The greatest F1 of each label, and the threshold that gives it."""
    images, labels = scores.shape
    parts = [
        best_thresholds(scores[:, some].T.contiguous(), targets[:, some].T.contiguous())
        for some in chunks(labels, images)
    ]
    values, thresholds = zip(*parts, strict=True)
    return torch.cat(values), torch.cat(thresholds)


def best_thresholds(
    scores: Float[Tensor, "rows items"], targets: Int8[Tensor, "rows items"]
) -> tuple[Float64[Tensor, " rows"], Float64[Tensor, " rows"]]:
    """The threshold of each row at which the F1 of its items is greatest, the highest of several.

    It lies halfway between the last score that is predicted and the next; where all are, as far below them as they are
    apart, and at least 1.

    Args:
        scores: of the items.
        targets: 1, -1, 0 = unknown.

    Returns:
        The greatest F1 and the threshold, one a row; NaN where it has no positive.
    """
    ranked, order = scores.sort(dim=1, descending=True)
    truth = targets.gather(1, order)
    hits, predicted = (kind.cumsum(1, dtype=torch.int32) for kind in (truth > 0, truth != 0))
    values = f1(hits, predicted, hits[:, -1:])
    values[:, :-1][ranked[:, :-1] == ranked[:, 1:]] = -1.0  # equal scores are predicted together
    best, at = values.max(1, keepdim=True)
    high = ranked.gather(1, at)[:, 0].double()
    low = ranked.gather(1, (at + 1).clamp(max=ranked.shape[1] - 1))[:, 0].double()
    below = high - (ranked[:, 0] - high).clamp(min=1.0)
    threshold = torch.where(at[:, 0] == ranked.shape[1] - 1, below, (low + high) / 2)
    empty = hits[:, -1] == 0
    return best[:, 0].double().masked_fill(empty, math.nan), threshold.masked_fill(empty, math.nan)
