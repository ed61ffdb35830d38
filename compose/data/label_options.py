"""The ``labels`` section of a spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import Field

from compose.block import Use, section


@section(name="labels")
@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """The label space: the vectors of the labels, their graph, and which labels are in it.

    Args:
        vectors: where the labels' vectors come from.
        graph: what connects the labels, and the external classes with them.
        external: another data source, on whose examples a stage may train; its classes that are no labels become nodes
            of the graph beside them.
        external_nodes: whether they do.
        clusters: how many clusters the labels fall into, by k-means on the vectors of the seen ones.
        normalise: whether each vector is scaled to length 1.
        strict: whether seen labels are left out that are the singular or plural of an unseen one.
    """

    vectors: Annotated[Any, Use("vectors")] | None = None
    graph: Annotated[Any, Use("graph")] | None = None
    external: Annotated[Any, Use("data")] | None = None
    external_nodes: bool = True
    clusters: Annotated[int, Field(gt=0)] | None = None
    normalise: bool = True
    strict: bool = False
