"""The reserved inputs: what the data and the label space feed to a model."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class ReservedInput:
    """An input that every spec may name.

    Args:
        name: as written in a spec; ``port`` is the name of a port that it feeds by itself.
        dims: its dims: ``b`` images, ``l`` labels in use, ``p`` parents of the seen labels, ``x`` external nodes, ``k``
            external classes; ``e`` episodes, each of ``n`` classes, ``s`` support and ``q`` query images, and then
            ``b`` is e · (s + q); ``m`` base labels. Where weights adapt to an episode, the model is called for each
            alone, and ``b`` are its support or its query images.
        dtype: as torch names it.
        doc: what it is.
    """

    name: str
    dims: tuple[str, ...]
    dtype: str
    doc: str

    @property
    def marks(self) -> range | None:
        """The integers that it may hold, where they are marks: 1, -1 and 0; None where it holds none."""
        return range(-1, 2) if self.dtype == "int8" else None

    @property
    def of_examples(self) -> bool:
        """Whether it comes with the examples, and not from the label space."""
        return self.dims[0] in ("b", "e")

    @property
    def of_episodes(self) -> bool:
        """Whether only episodes have it."""
        return self.dims[0] == "e"

    @property
    def of_tasks(self) -> bool:
        """Whether only a model whose weights adapt to an episode has it, of one episode at a time."""
        return WAYS in self.dims and not self.of_episodes

    @property
    def of_batch(self) -> bool:
        """Whether a stage's batches bring it, and not the label space."""
        return self.of_examples or self.of_tasks

    @property
    def port(self) -> str:
        """The port name that is fed by this one where it is not wired."""
        return self.name.replace(".", "_")


RESERVED = {
    given.name: given
    for given in (
        ReservedInput(
            "image",
            ("b", "c", "h", "w"),
            "float32",
            "the pictures, normalised; episodes follow one another, each with its support and then its queries",
        ),
        ReservedInput("features", ("b", "d"), "float32", "feature vectors, where the data gives no pictures"),
        ReservedInput("targets", ("b", "l"), "int8", "1 present, -1 absent, 0 unknown, for the labels in use"),
        ReservedInput(
            "parents.targets", ("b", "p"), "int8", "1 present, -1 absent, for the groups that the seen labels belong to"
        ),
        ReservedInput(
            "support.targets",
            ("e", "s", "n"),
            "int8",
            "1 for the class of each support image of an episode, -1 for the others; part of what scores may see",
        ),
        ReservedInput(
            "query.targets",
            ("e", "q", "n"),
            "int8",
            "1 for the class of each query image of an episode, -1 for the others",
        ),
        ReservedInput("labels.vectors", ("l", "d"), "float32", "the vectors of the labels in use"),
        ReservedInput("labels.base", ("m", "d"), "float32", "the vectors of the base labels: the seen ones"),
        ReservedInput(
            "labels.base_mask",
            ("m",),
            "int8",
            "1 for a base label that takes part; 0 for those that are the novel labels of an episode in training",
        ),
        ReservedInput("labels.novel", ("n", "d"), "float32", "the vectors of the labels of one episode"),
        ReservedInput(
            "novel.targets",
            ("b", "n"),
            "int8",
            "1 present, -1 absent, 0 unknown, for the labels of one episode; the support's while weights adapt to it",
        ),
        ReservedInput("labels.clusters", ("l",), "int64", "the cluster of each label in use, by its vector"),
        ReservedInput(
            "labels.graph",
            ("2", "edges"),
            "int64",
            "source and target node of every edge; the labels in use, then the external nodes",
        ),
        ReservedInput(
            "labels.relations",
            ("edges",),
            "int64",
            "which relation each edge of the graph stands for, from 1; 0 for the loop at a node",
        ),
        ReservedInput("external.vectors", ("x", "d"), "float32", "the vectors of the external classes that are nodes"),
        ReservedInput(
            "external.classes",
            ("k",),
            "int64",
            "for each external class its place among the external nodes, -1 where it is a label",
        ),
        ReservedInput(
            "external.targets", ("b", "k"), "int8", "1 present, -1 absent, 0 unknown, for the external classes"
        ),
    )
}
TARGETS = ("targets", "parents.targets", "query.targets", "novel.targets", "external.targets")
"""What scores must not see."""
EXAMPLES = "b"
"""The dim of the examples in a batch."""
LABEL_DIMS = ("l", "edges")
"""Dims whose size changes with the labels in use."""
EPISODE_DIMS = (EXAMPLES, "e", "s", "q")
"""Dims whose size changes with the number of episodes, and of the images in one."""
WAYS = "n"
"""The dim of the classes in an episode."""
ROOTS = {name.split(".")[0] for name in RESERVED} | {"loss"}
"""Names that no node may bear."""
