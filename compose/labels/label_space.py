"""The label space: which labels are in use, and what a model is given of them.

Zero-shot means that the labels differ between training and testing, so that they are an input of the model and no part
of its weights.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import TYPE_CHECKING

import torch
from jaxtyping import Float, Int8, Int64
from torch import Tensor

from compose.data.source import DataSource, LabelTable
from compose.labels.kept_labels import KeptVectors, meanings
from compose.labels.label_set import Labels, LabelSet, label_set
from compose.labels.plural import same_nouns
from compose.labels.vector_form import FittedForm, VectorForm, refuse

if TYPE_CHECKING:
    from compose.graphs.label_graphs.label_graphs import LabelGraphs
    from compose.graphs.vectors.label_vectors import LabelVectors
    from compose.labels.external import ExternalClasses


class LabelSpace:
    """The labels of a data source with their vectors and their graph. Making one reads nothing; what it gives is kept.

    Args:
        table: all labels.
        vectors: gives each label its vector; None where the model needs none.
        normalise: scale the vectors to one length.
        standardise: first give each dimension mean 0 and standard deviation 1 over the seen labels, those that
            ``strict`` drops left out.
        cosines: so many random features take the vectors' place, see :mod:`compose.labels.vector_form`; None for none.
        length: that length; 1 where it is None.
        constant: a further component, the same for every label, appended at the end; None appends none.
        strict: drop seen labels that are the singular or plural of an unseen one, which would not be unseen else.
        graph: connects the labels; None where the model needs no graph.
        external: the data source of the external classes; None where there are none.
        external_nodes: whether those classes that are no labels are nodes of the graph.
        clusters: how many clusters the labels fall into; None where the model needs none.

    Attributes:
        dropped: the seen labels that ``strict`` left out.
    """

    def __init__(
        self,
        table: LabelTable,
        vectors: LabelVectors | None = None,
        *,
        normalise: bool = True,
        standardise: bool = False,
        cosines: int | None = None,
        length: float | None = None,
        constant: float | None = None,
        strict: bool = False,
        graph: LabelGraphs | None = None,
        external: DataSource | None = None,
        external_nodes: bool = True,
        clusters: int | None = None,
    ) -> None:
        self.table, self.external, self.external_nodes = table, external, external_nodes
        seen = [name for name, is_seen in zip(table.names, table.seen, strict=True) if is_seen]
        unseen = [name for name, is_seen in zip(table.names, table.seen, strict=True) if not is_seen]
        self.dropped = tuple(same_nouns(seen, unseen)) if strict else ()
        self._label_vectors, self._graph, self._clusters = vectors, graph, clusters
        wanted = 1.0 if length is None else length
        self._form = VectorForm(
            standardise=standardise, cosines=cosines, length=wanted if normalise else None, constant=constant
        )
        self._graphs: dict[tuple[str, ...], tuple[Int64[Tensor, "2 edges"], Int64[Tensor, " edges"]]] = {}

    def __repr__(self) -> str:
        seen, unseen = len(self.label_set("seen").names), len(self.label_set("unseen").names)
        vectors = f", vectors of size {self.dim}" if self.dim else ""
        return f"LabelSpace({seen + unseen} labels: {seen} seen, {unseen} unseen{vectors})"

    def label_set(self, which: Labels) -> LabelSet:
        """The seen labels, the unseen ones, or all, without those dropped.

        Raises:
            ValueError: there is no such set.
        """
        return label_set(self.table, which, dropped=self.dropped)

    def inputs(self, labels: Labels) -> Mapping[str, Tensor]:
        """What a model is given of these labels, by port name: ``labels_vectors`` ``l d``, ``labels_clusters`` ``l``,
        ``labels_graph`` ``2 edges``, ``labels_relations`` ``edges``, ``external_vectors`` ``x d`` and
        ``external_classes`` ``k``, where there are such.

        And of the base labels, which are the seen ones whatever set is asked for: their vectors, ``labels_base``
        ``m d``, and a mask by which all of them take part, ``labels_base_mask`` ``m``.

        Raises:
            ValueError: a label has no vector, or one that is zero or not finite, or the labels have no graph; the
                first labels at fault are named. A file that cannot be read raises OSError.
        """
        return self.inputs_of(self.label_set(labels))

    def inputs_of(self, in_use: LabelSet) -> Mapping[str, Tensor]:
        """What a model is given of any labels of the table, as :meth:`inputs` gives it.

        Args:
            in_use: the labels, in the order of the scores.
        """
        given: dict[str, Tensor] = {"labels_base_mask": torch.ones(len(self._base), dtype=torch.int8)}
        if self.vectors is not None:
            given["labels_vectors"] = self.vectors[in_use.index]
            given["labels_base"] = self.vectors[self._base]
        if self.clusters is not None:
            given["labels_clusters"] = self.clusters[in_use.index]
        if self.external_vectors is not None:
            given["external_vectors"] = self.external_vectors
        if self.classes is not None:
            given["external_classes"] = self.classes.places
        if self._graph is not None:
            given["labels_graph"], given["labels_relations"] = self._made_graph(in_use)
        return given

    def novel(self, columns: Int64[Tensor, "... n"]) -> Float[Tensor, "... n d"]:
        """The vectors of the labels of tasks, by their columns in the table. Raises as :meth:`inputs` does."""
        assert self.vectors is not None
        return self.vectors[columns]

    def without(self, columns: Int64[Tensor, "e n"]) -> Int8[Tensor, "e m"]:
        """Which base labels take part in each of ``e`` tasks: 0 for those that are among its labels, 1 for the others.

        Args:
            columns: the columns of the tasks' labels in the table; those of labels that are not seen change nothing.
        """
        every = torch.ones(len(columns), len(self.table.names), dtype=torch.int8)
        return every.scatter_(1, columns, 0)[:, self._base]

    @property
    def dim(self) -> int:
        """The size of a vector as a model is given it, for which none is read; 0 where the spec has none."""
        return 0 if self._label_vectors is None else self._form.dim(self._label_vectors.dim)

    @cached_property
    def vectors(self) -> Float[Tensor, "l d"] | None:
        """The vectors of all labels; None where the spec has none. Raises as :meth:`inputs` does."""
        return None if self._raw is None else self._fitted(self._raw, self.table.names)

    @cached_property
    def _raw(self) -> Float[Tensor, "l d"] | None:
        return None if self._label_vectors is None else _read(self.table, self._label_vectors)

    @cached_property
    def _fitted(self) -> FittedForm:
        assert self._raw is not None
        return self._form.over(self._raw[self._base])

    @cached_property
    def _base(self) -> Int64[Tensor, " m"]:
        return self.label_set("seen").index

    @cached_property
    def clusters(self) -> Int64[Tensor, " l"] | None:
        """The cluster of each label; None where the spec asks for none. Raises as :meth:`inputs` does."""
        if self._clusters is None or self.vectors is None:
            return None
        from compose.labels.clusters import cluster

        return cluster(self.vectors, self._base, self._clusters)

    @cached_property
    def classes(self) -> ExternalClasses | None:
        """What became of the external classes; None where there are none."""
        if self.external is None:
            return None
        from compose.labels.external import external_classes

        return external_classes(self.external.labels, self.table, nodes=self.external_nodes)

    @cached_property
    def external_vectors(self) -> Float[Tensor, "x d"] | None:
        """The vectors of the external nodes; None where there are none. Raises as :meth:`inputs` does."""
        if self._raw_external is None or self.classes is None:
            return None
        return self._fitted(self._raw_external, self.classes.kept.names)  # fitted to the labels, not to these

    @cached_property
    def _raw_external(self) -> Float[Tensor, "x d"] | None:
        if self._label_vectors is None or self.classes is None or not self.external_nodes:
            return None
        return _read(self.classes.kept, self._label_vectors)

    @property
    def kept_vectors(self) -> KeptVectors | None:
        """The vectors of labels and external nodes as they were read, for a run to keep; None where there are none."""
        if self._raw is None:
            return None
        tables, read = [self.table], [self._raw]
        if self._raw_external is not None and self.classes is not None:
            tables, read = [*tables, self.classes.kept], [*read, self._raw_external]
        return KeptVectors([meaning for table in tables for meaning in meanings(table)], torch.cat(read))

    def edges(self, labels: Labels) -> Int64[Tensor, "2 edges"]:
        """Source and target node of each edge: the labels in use, then the external nodes.

        Raises:
            ValueError: there is no graph over these labels.
        """
        return self._made_graph(self.label_set(labels))[0]

    def relations(self, labels: Labels) -> Int64[Tensor, " edges"]:
        """Which relation each edge stands for, from 1; 0 for a loop. Raises as :meth:`edges` does."""
        return self._made_graph(self.label_set(labels))[1]

    @property
    def has_graph(self) -> bool:
        """Whether a graph connects the labels."""
        return self._graph is not None

    @property
    def isolated(self) -> tuple[str, ...]:
        """The labels that nothing joins to another label or external node. Raises as :meth:`edges` does."""
        every = self.label_set("all")
        source, target = self._made_graph(every)[0]
        joined = set(source[source != target].tolist()) | set(target[source != target].tolist())
        return tuple(name for node, name in enumerate(every.names) if node not in joined)

    def _made_graph(self, in_use: LabelSet) -> tuple[Int64[Tensor, "2 edges"], Int64[Tensor, " edges"]]:
        assert self._graph is not None
        kept = self.classes.kept if self.classes else LabelTable((), (), ())
        if in_use.names not in self._graphs:
            graph = self._graph(in_use.names, in_use.synsets, kept.names, kept.synsets)
            self._graphs[in_use.names] = torch.as_tensor(graph.edges), torch.as_tensor(graph.relations)
        return self._graphs[in_use.names]


def _read(table: LabelTable, vectors: LabelVectors) -> Float[Tensor, "l d"]:
    read = vectors(table.names, table.synsets).to(torch.float32)
    expected = (len(table.names), vectors.dim)
    if tuple(read.shape) != expected:
        raise ValueError(f"expected label vectors of shape {expected}, got {tuple(read.shape)}")
    refuse(table.names, ~read.norm(dim=1).isfinite(), "label vectors that are not finite")
    return read
