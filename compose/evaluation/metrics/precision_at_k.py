"""Precision at K."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from compose.block import metric
from compose.evaluation.metrics.top_k import TopK


@metric(name="precision")
class PrecisionAtK(TopK):
    """Share of the K best labels of all images that are positive (overall precision at K).

    An unknown target takes its place and counts as no hit. Written ``precision@3``.

    Args:
        k: labels that are predicted for every image.
    """

    def __init__(self, *, k: Annotated[int, Field(gt=0)]) -> None:
        super().__init__(k=k)

    def of_counts(self, hits: float, places: int, positives: int) -> float:
        """Hits among places."""
        return hits / places
