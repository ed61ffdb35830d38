"""What the metrics of a task are measured on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import torch
from jaxtyping import Bool, Float, Int8
from torch import Tensor

from compose.evaluation.label_protocol import CountedImages
from compose.labels.label_set import LabelSet

if TYPE_CHECKING:
    from compose.evaluation.metrics.box_hits import BoxHits


@dataclass(frozen=True)
class ScoredTask:
    """The images and labels that count for a task.

    Args:
        scores: of every image and label.
        targets: 1 = present, -1 = absent, 0 = unknown.
        frequency: the class prior: a score for each label, the same for all images.
        seen: whether each label may be trained on.
        box_hits: where the model looks; None where it was not asked.
    """

    scores: Float[Tensor, "b l"]
    targets: Int8[Tensor, "b l"]
    frequency: Float[Tensor, " l"]
    seen: Sequence[bool]
    box_hits: BoxHits | None = None

    def of(self, *, seen: bool) -> ScoredTask:
        """Only the seen labels, or only the unseen ones."""
        kept = [label for label, known in enumerate(self.seen) if known == seen]
        box_hits = self.box_hits and self.box_hits.cut(torch.arange(len(self.scores)), torch.tensor(kept))
        return ScoredTask(
            self.scores[:, kept], self.targets[:, kept], self.frequency[kept], [seen] * len(kept), box_hits
        )


class Measured(NamedTuple):
    """What a model, chance and the class prior reach."""

    value: float
    chance: float
    prior: float


def counted(
    targets: Int8[Tensor, "b l"], own: LabelSet, images: CountedImages, named: LabelSet | None = None
) -> Bool[Tensor, " b"]:
    """Which images count for a task.

    Args:
        targets: the truth over all labels of the data.
        own: the labels of the task.
        images: all, or those that show one of some labels.
        named: those labels, where ``images`` names a set; the task's own where not given.
    """
    if images == "all":
        return targets.new_ones(len(targets), dtype=torch.bool)
    return (targets[:, (named or own).index] > 0).any(1)
