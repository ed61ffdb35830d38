"""The shapes of the inputs that a model reads, in training and in each task that is evaluated, and their integers."""

from __future__ import annotations

from functools import cached_property, partial
from typing import TYPE_CHECKING

from compose.evaluation.task_labels import LABELS
from compose.labels.label_set import Labels, training_labels
from compose.labels.parents import Parents
from compose.model.episode_batch import EpisodeBatch
from compose.model.input_sizes import Sizes
from compose.model.label_space_check import fixing_ways
from compose.spec.wiring.reserved import RESERVED

if TYPE_CHECKING:
    from compose.training.prepare import Prepared


class ReservedSizes:
    """The shapes of the reserved inputs of a spec.

    Args:
        made: the spec with all that it names.
    """

    def __init__(self, made: Prepared) -> None:
        self._made = made

    @cached_property
    def training(self) -> Sizes:
        """The shape of every reserved input, at the batch and the labels of training.

        Raises:
            SpecErrors: there is no graph over the labels, or the file of their vectors cannot be read.
        """
        space = self._made.read_space
        dim = self._made.of_labels("vectors", lambda: space.dim)
        which = training_labels(self._made.table)
        labels = len(space.label_set(which).names)
        known: Sizes = {"targets": (self._made.batch, labels)}
        if self._made.episodes is not None:
            known |= self._made.episodes.sizes
        if parents := Parents(self._made.source).names:
            known["parents.targets"] = (self._made.batch, len(parents))
        known |= {
            name: (self._made.batch, *dims) for name, dims in self._made.source.shapes.items() if name in RESERVED
        }
        known["labels.base_mask"] = (labels,)
        if self._made.adaptation is not None and self._made.episodes is not None:
            known["novel.targets"] = (self._made.batch, self._made.episodes.shape.ways)
        if self._made.vectors is not None:
            known["labels.base"] = labels, dim
            known |= {"labels.novel": (self._made.episodes.shape.ways, dim)} if self._made.episodes is not None else {}
        if space.classes is not None:
            classes, nodes = len(space.classes.places), len(space.classes.kept.names)
            known |= {"external.classes": (classes,), "external.targets": (self._made.batch, classes)}
            known |= {"external.vectors": (nodes, dim)} if self._made.vectors is not None and nodes else {}
        return known | self._label_sizes(which, labels)

    @property
    def ranges(self) -> dict[str, range]:
        """Reserved input -> the integers that it holds: marks, or places of clusters and nodes."""
        found = {name: given.marks for name, given in RESERVED.items() if given.marks is not None}
        if self._made.labels.clusters is not None:
            found["labels.clusters"] = range(self._made.labels.clusters)
        if self._made.labels.graph is not None:
            found["labels.relations"] = range(1 + self._made.labels.graph.num_relations)
        if self._made.read_space.classes is not None:
            found["external.classes"] = range(-1, len(self._made.read_space.classes.kept.names))
        return found

    def of_tasks(self) -> dict[str, Sizes]:
        """Evaluated task -> the shapes of reserved inputs that are others there; tasks without labels are left out.

        The batch is the least that there may be, one example or episode, which is what is left over at the end.
        """
        found: dict[str, Sizes] = {}
        batch = 1 if self._made.episodes is None else self._made.batch
        examples = self._example_sizes(batch)
        for task in self._made.evaluation.tasks:
            which: Labels = "all" if self._made.evaluation.label_context == "all" else LABELS[task]
            if labels := len(self._made.read_space.label_set(which).names):
                found[task] = {**examples, "targets": (batch, labels), **self._label_sizes(which, labels)}
        fixed = fixing_ways(self._made.spec.plan, adapts=self._made.adaptation is not None)
        for test in self._made.evaluation.episodes:
            if not fixed or self._made.episodes is None or test.shape.ways == self._made.episodes.shape.ways:
                found[test.task] = self._episode_sizes(EpisodeBatch(1, test.shape))
        return found

    def _example_sizes(self, batch: int) -> Sizes:
        """The shapes of what the data gives of a batch of examples."""
        return {name: (batch, *dims) for name, dims in self._made.source.shapes.items() if name in RESERVED}

    def _label_sizes(self, which: Labels, labels: int) -> Sizes:
        """The shapes of what the label space gives of the labels in use."""
        space, found = self._made.read_space, Sizes()
        if self._made.vectors is not None:
            found["labels.vectors"] = labels, self._made.of_labels("vectors", lambda: space.dim)
            found |= {"labels.clusters": (labels,)} if self._made.labels.clusters else {}
        if self._made.labels.graph is not None:
            edges = tuple(self._made.of_labels("graph", partial(space.edges, which)).shape)
            found |= {"labels.graph": edges, "labels.relations": edges[1:]}
        return found

    def _episode_sizes(self, batch: EpisodeBatch) -> Sizes:
        """The shapes of what a batch of episodes holds."""
        found = self._example_sizes(batch.images)
        found |= {"targets": (batch.images, self.training["targets"][1]), **batch.sizes}
        if self._made.vectors is not None:
            found["labels.novel"] = batch.shape.ways, self._made.of_labels("vectors", lambda: self._made.read_space.dim)
        if self._made.adaptation is not None:
            found["novel.targets"] = batch.images, batch.shape.ways
        return found
