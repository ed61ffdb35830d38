"""F1 at K."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from compose.block import metric
from compose.evaluation.metrics.top_k import TopK


@metric(name="f1")
class F1AtK(TopK):
    """Harmonic mean of overall precision and recall at K, from counts summed over all images.

    An unknown target takes its place and counts as no hit. Written ``f1@3``.

    Args:
        k: labels that are predicted for every image.
    """

    def __init__(self, *, k: Annotated[int, Field(gt=0)]) -> None:
        super().__init__(k=k)

    def of_counts(self, hits: float, places: int, positives: int) -> float:
        """The harmonic mean of hits / places and hits / positives."""
        return 2 * hits / (places + positives)
