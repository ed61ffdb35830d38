"""The nodes of a spec's label graph: its labels, seen and unseen, and the external classes that are none of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from compose.data.source import LabelTable
    from compose.drawing.graph.neighbourhood import Group
    from compose.labels.label_options import LabelOptions


@dataclass(frozen=True)
class Nodes:
    """What a label graph is made from.

    Args:
        names: the labels in use.
        synsets: their synsets, None where the table names none.
        seen: which of them may be trained on.
        external_names: the external classes that are no labels.
        external_synsets: their synsets.
        dropped: the external classes that are labels, or are called as one.
    """

    names: tuple[str, ...]
    synsets: tuple[str | None, ...]
    seen: tuple[bool, ...]
    external_names: tuple[str, ...] = ()
    external_synsets: tuple[str | None, ...] = ()
    dropped: tuple[str, ...] = ()

    @property
    def arguments(self) -> tuple[Any, ...]:
        """The arguments of what makes the graph."""
        return self.names, self.synsets, self.external_names, self.external_synsets

    def group(self, node: int) -> Group:
        """What a node is."""
        if node >= len(self.names):
            return "external"
        return "seen" if self.seen[node] else "unseen"


def graph_nodes(options: LabelOptions, table: LabelTable) -> Nodes:
    """All labels, seen and unseen, and the external classes that are nodes beside them.

    Args:
        options: the label space's options.
        table: all labels of the data.
    """
    space = options.space(table)
    labels, classes = space.label_set("all"), space.classes
    if classes is None or not options.external_nodes:
        return Nodes(labels.names, labels.synsets, labels.seen)
    kept = classes.kept
    return Nodes(labels.names, labels.synsets, labels.seen, kept.names, kept.synsets, classes.dropped)
