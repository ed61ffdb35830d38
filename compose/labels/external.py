"""External classes: those of another data source, as nodes beside the labels."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Int64
from torch import Tensor

from compose.data.source import LabelTable
from compose.graphs.taxonomy.lookup import find_synset
from compose.graphs.taxonomy.taxonomy import load_taxonomy


@dataclass(frozen=True)
class ExternalClasses:
    """The classes of an external data source that are no labels, and what became of the others.

    Args:
        kept: the classes that are nodes, in the order of their source.
        dropped: those that are left out.
        places: for each class its place among those kept, -1 for one left out: ``k``.
    """

    kept: LabelTable
    dropped: tuple[str, ...]
    places: Int64[Tensor, " k"]


def external_classes(external: LabelTable, labels: LabelTable, *, nodes: bool = True) -> ExternalClasses:
    """Leave out the external classes that mean the same as a label, seen or unseen: the same synset, or name.

    Args:
        external: all external classes.
        labels: all labels.
        nodes: whether any are nodes; if not, all are left out.
    """
    taken = set(_meanings(labels))
    keep = [nodes and meaning not in taken for meaning in _meanings(external)]
    rows = [row for row, kept in enumerate(keep) if kept]
    places = torch.tensor(keep).cumsum(0) - 1
    return ExternalClasses(
        LabelTable(
            tuple(external.names[row] for row in rows),
            tuple(external.seen[row] for row in rows),
            tuple(external.synsets[row] for row in rows),
        ),
        tuple(name for name, kept in zip(external.names, keep, strict=True) if not kept),
        torch.where(torch.tensor(keep), places, -1),
    )


def _meanings(table: LabelTable) -> list[int | str]:
    """The synset of each label; its name where WordNet has none."""
    taxonomy = load_taxonomy()
    pairs = zip(table.names, table.synsets, strict=True)
    found = [(name, find_synset(taxonomy, explicit or name)) for name, explicit in pairs]
    return [name.lower() if synset is None else synset for name, synset in found]
