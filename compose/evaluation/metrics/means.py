"""Means over labels, and over their kinds."""

from __future__ import annotations

from jaxtyping import Float64
from torch import Tensor

from compose.evaluation.metrics.rules import Rules


def mean_over_labels(values: Float64[Tensor, " l"], rules: Rules) -> float:
    """The mean of one value a label.

    Args:
        values: NaN for a label without positives.
        rules: whether such a label is left out, or what it counts as.

    Returns:
        NaN where no label is left.
    """
    return float(values.nan_to_num(rules.empty).nanmean())


def harmonic_mean(first: float, second: float) -> float:
    """0 where one is 0, NaN where one is."""
    total = first + second
    return 2 * first * second / total if total else 0.0
