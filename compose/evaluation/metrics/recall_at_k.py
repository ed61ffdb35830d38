"""Recall at K."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from compose.block import metric
from compose.evaluation.metrics.top_k import TopK


@metric(name="recall")
class RecallAtK(TopK):
    """Share of all positives that stand among the K best labels of their image (overall recall at K).

    An unknown target takes its place and counts as no hit. Written ``recall@3``.

    Args:
        k: labels that are predicted for every image.
    """

    def __init__(self, *, k: Annotated[int, Field(gt=0)]) -> None:
        super().__init__(k=k)

    def of_counts(self, hits: float, places: int, positives: int) -> float:
        """Hits among positives; 0 where there is none."""
        return hits / max(positives, 1)
