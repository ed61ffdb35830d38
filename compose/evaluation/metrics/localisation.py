"""Localisation: average precision where a label that is found must also be looked at."""

from __future__ import annotations

import math
from typing import Annotated, ClassVar

import torch
from jaxtyping import Float, Float64, Int8, Int64
from pydantic import Field
from torch import Tensor

from compose.block import metric
from compose.evaluation.evaluation_error import EvaluationError
from compose.evaluation.metrics.average_precision import expected_average_precision, label_average_precision
from compose.evaluation.metrics.box_hits import MISSED
from compose.evaluation.metrics.counts import per_label
from compose.evaluation.metrics.metric import Metric
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.scored_task import Measured, ScoredTask


@metric
class Localisation(Metric):
    """Mean over labels of the average precision of finding a label and looking at it.

    Each label ranks the images by its score. An image counts as a hit if it shows the label *and* the place where the
    model looks for it lies in one of the label's boxes; if it shows the label but the place misses, it stands in the
    ranking as if it did not, and yet counts among those to be found: the precisions at the hits are divided by the
    number of images that show the label in a box.

    The place is the centre of the greatest cell of the label's own map, or of that of the module which its score comes
    from, in the picture as the model gets it. The edge of a box is inside. Images whose target is unknown are left out
    of a label's ranking, and so are those that show the label without any box of it; boxes of a label whose target is
    absent or unknown mean nothing. A label that no image shows in a box has no average precision and is left out of the
    mean, whatever the protocol says of labels without positives. Equal scores are ordered as in mAP.

    Chance is a random score with a random place in the picture, for each image and label; the class prior looks at the
    middle of every picture.

    Reference: Is object localization for free? (CVPR 2015), where the tolerance is 18 pixels; LESA (CVPR 2020), section
    5.2, table 3.

    Args:
        tolerance: pixels by which boxes grow on every side.
    """

    looks: ClassVar[bool] = True
    undefined: ClassVar[str] = "no image shows one of the labels in a box"

    def __init__(self, *, tolerance: Annotated[float, Field(ge=0, allow_inf_nan=False)] = 0.0) -> None:
        self.tolerance = tolerance

    @property
    def key(self) -> str:
        """The name, with the tolerance where it is not 0."""
        return super().key + (f"(tolerance={self.tolerance:g})" if self.tolerance else "")

    @property
    def title(self) -> str:
        """The name, with the tolerance where it is not 0."""
        return "localisation mAP" + (f" ±{self.tolerance:g} px" if self.tolerance else "")

    def measure(self, task: ScoredTask, rules: Rules) -> Measured | None:
        """With the model's places, with random ones, and with the middles."""
        box_hits, targets = task.box_hits, task.targets
        if box_hits is None:
            raise EvaluationError(f"expected places where the model looks for `{self.key}`, got none")
        return Measured(
            value=self.value(task.scores, box_hits.targets(targets, "attention", self.tolerance), rules),
            chance=self.chance(task.scores, box_hits.targets(targets, "random", self.tolerance), rules),
            prior=self.prior(task.frequency, box_hits.targets(targets, "centre", self.tolerance), rules),
        )

    def value(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """The mean over labels.

        Args:
            scores: of every image and label.
            targets: those of a localisation, see :meth:`~compose.evaluation.metrics.box_hits.BoxHits.targets`.
            rules: the protocol's order of ties.
        """
        return _mean(label_average_precision(scores, targets, rules), targets)

    def chance(self, scores: Float[Tensor, "b l"], targets: Int8[Tensor, "b l"], rules: Rules) -> float:
        """Exact for the order of the images: the mean over all; the places are those given."""
        return _mean(expected_average_precision(per_label(targets > 0), per_label(targets != 0)), targets)


def _mean(precision: Float64[Tensor, " l"], targets: Int8[Tensor, "b l"]) -> float:
    """The mean over the labels that have boxes, of the mean precision at the hits times the share that are hit."""
    hits: Int64[Tensor, " l"] = per_label(targets > 0)
    boxed = hits + per_label(targets == MISSED)
    found = precision.nan_to_num(0.0) * hits / boxed
    return float(found[boxed > 0].mean()) if torch.any(boxed > 0) else math.nan
