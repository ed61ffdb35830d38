"""Tasks that nothing can be measured of, because of what the examples show."""

from __future__ import annotations

import numpy as np
from jaxtyping import Int8, Int64
from torch import Tensor

from compose.data.source import Examples
from compose.labels.label_set import LabelSet


def unmeasurable(targets: Int8[Tensor, "b l"]) -> str:
    """Why a task cannot be measured; "" where it can.

    Args:
        targets: 1 = present, -1 = absent, 0 = unknown, of the task's labels.
    """
    if not (targets > 0).any():
        return none_carried(len(targets))
    if targets.min() == 0:
        return "no label is known to be absent from an image: the targets are 1 and 0 (unknown) alone"
    return ""


def unmeasurable_split(examples: Examples, labels: LabelSet) -> str:
    """The same of a split, as far as it can be told without reading an example.

    Args:
        examples: the split.
        labels: those of the task.
    """
    carried: Int64[np.ndarray, " k"] | None = examples.carried()
    if carried is None or not len(examples) or {*carried.tolist()} & {*labels.columns}:
        return ""
    return none_carried(len(examples))


def none_carried(images: int) -> str:
    """That no image shows a label."""
    shown = "the one image does not carry" if images == 1 else f"none of {images:,} images carries"
    return f"{shown} any of its labels"
