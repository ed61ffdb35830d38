"""The ``labels`` section of a spec."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from compose.block import BlockError, Use, section

if TYPE_CHECKING:
    from compose.data.source import LabelTable
    from compose.labels.label_space import LabelSpace


@section(name="labels")
@dataclass(frozen=True, kw_only=True)
class LabelOptions:
    """The label space: the vectors of the labels, their graph, and which labels are in it.

    Example:
        {vectors: {use: wordnet, dim: 100}, normalise: true}

    Args:
        vectors: where the labels' vectors come from.
        graph: what connects the labels, and the external classes with them.
        external: another data source, on whose examples a stage may train; its classes that are no labels become nodes
            of the graph beside them.
        external_nodes: whether they do.
        clusters: how many clusters the labels fall into, by k-means on the vectors of the seen ones.
        standardise: whether each dimension of the vectors is first given mean 0 and standard deviation 1 over the seen
            labels, by which the unseen ones and the external classes are measured, too. It takes away what all words
            have in common.
        normalise: whether each vector is then scaled to one length.
        cosines: so many random features cos(ω · v + φ) of the vectors take their place before that: in more dimensions
            a classifier with fixed vectors can tell more sets of labels apart. Labels that are alike stay so.
        length: that length; 1 where it is not given. Scores that are inner products with fixed vectors grow with it.
        constant: a last component, the same for every label, appended to the vectors, which makes them one number
            longer. By it a feature raises or lowers the scores of all labels at once, as a bias does.
        strict: whether seen labels are left out that are the singular or plural of an unseen one.
    """

    vectors: Annotated[Any, Use("vectors")] | None = None
    graph: Annotated[Any, Use("graph")] | None = None
    external: Annotated[Any, Use("data")] | None = None
    external_nodes: bool = True
    clusters: Annotated[int, Field(gt=0)] | None = None
    standardise: bool = False
    cosines: Annotated[int, Field(gt=0)] | None = None
    normalise: bool = True
    length: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    constant: Annotated[float, Field(gt=0, allow_inf_nan=False)] | None = None
    strict: bool = False

    def __post_init__(self) -> None:
        if self.length is not None and not self.normalise:
            raise BlockError("expected `normalise: true` with a length, got `false`", parameter="length")

    def space(self, table: LabelTable) -> LabelSpace:
        """The label space that these options describe, over any table of labels.

        Every option is handed on under its own name, so that none can be forgotten.

        Args:
            table: all labels.
        """
        from compose.labels.label_space import LabelSpace

        return LabelSpace(table, **vars(self))
