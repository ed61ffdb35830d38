"""The choices of a protocol on which the value of a metric depends."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Ties = Literal["grouped", "stable", "worst"]
NoPositives = Literal["skip", "zero", "one"]


@dataclass(frozen=True)
class Rules:
    """How equal scores are ordered, and how a label without positives counts.

    Args:
        ties: ``grouped``: equal scores have no order. They share one threshold, as in scikit-learn, and the places that
            they have left in a top K are shared out equally among them. ``stable``: the earlier image (for mAP) or
            label (for miAP and the top K) first, as code does that walks through a stably sorted list. ``worst``:
            positives last, so that a model gains nothing by equal scores.
        no_positives: ``skip`` leaves a label without positives out of a mean over labels, ``zero`` counts it as 0, and
            ``one`` as 1, as released code of RGCN-PosVAE does.
    """

    ties: Ties = "grouped"
    no_positives: NoPositives = "skip"

    @property
    def empty(self) -> float:
        """The value of a label without positives; NaN where it is left out."""
        return {"skip": math.nan, "zero": 0.0, "one": 1.0}[self.no_positives]
