"""What the user should know of the label space: external classes that are no nodes, and synsets that are guesses."""

from __future__ import annotations

from collections.abc import Iterator

from compose.errors import listed
from compose.labels.label_space import LabelSpace
from compose.labels.sense_notes import sense_notes


def label_notes(space: LabelSpace) -> Iterator[str]:
    """One line for each finding."""
    if space.classes is not None and space.external_nodes and (dropped := space.classes.dropped):
        names = listed([f"`{name}`" for name in dropped])
        yield f"external classes that are labels, or are called as one, are no nodes: {len(dropped):,}, {names}"
    if space.has_graph:
        yield from sense_notes(space.table, space.isolated)
