"""What the label space gives a model of classes that the user names."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch import Tensor

    from compose.labels.label_space import LabelSpace
    from compose.training.prepare import Prepared


def own_labels(made: Prepared, names: Sequence[str], *, vectors: bool) -> dict[str, Tensor]:
    """``labels_base_mask`` ``1 m``, and ``labels_novel`` ``1 n d`` where the model reads vectors of them.

    A class that is called as a base label is that label: it takes no part beside itself, as in training.

    Args:
        made: the run's spec with all that it names.
        names: the classes.
        vectors: whether the model reads their vectors.

    Raises:
        UsageError: classes without a vector.
    """
    import torch

    from compose.errors import UsageError

    space = _with_names(made, names)
    columns = torch.tensor([[space.table.names.index(name) for name in names]])
    given = {"labels_base_mask": space.without(columns)}
    if vectors:
        try:
            given["labels_novel"] = space.novel(columns)
        except ValueError as error:
            raise UsageError(f"support: the names of its classes are the labels, and {error}") from error
    return given


def _with_names(made: Prepared, names: Sequence[str]) -> LabelSpace:
    """The label space of training, with these beside its labels."""
    from compose.data.source import LabelTable

    table, dropped = made.space.table, made.space.dropped
    kept = [i for i, name in enumerate(table.names) if name not in dropped]
    known = [table.names[i] for i in kept]
    added = [name for name in names if name not in known]
    more = LabelTable(
        (*known, *added),
        (*(table.seen[i] for i in kept), *(False for _ in added)),
        (*(table.synsets[i] for i in kept), *(None for _ in added)),
    )
    return replace(made.labels, strict=False).space(more)  # what `strict` drops is dropped, and nothing beside
