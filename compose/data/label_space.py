"""The label space: which labels are in use, and what a model is given of them.

Zero-shot means that the labels differ between training and testing, so that they are an input of the model and no part
of its weights.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias

import torch
from jaxtyping import Float, Int64
from torch import Tensor

from compose.data.plural import same_nouns
from compose.data.source import LabelTable

Labels: TypeAlias = Literal["seen", "unseen", "all", "zsl", "gzsl"]
"""Labels in use: the seen ones, the unseen ones (``zsl``), or all (``gzsl``)."""
_SETS: dict[str, tuple[bool, ...]] = {
    "seen": (True,),
    "unseen": (False,),
    "zsl": (False,),
    "all": (True, False),
    "gzsl": (True, False),
}


class LabelVectors(Protocol):
    """What gives labels their vectors. Making one, and its ``dim``, reads no vectors."""

    @property
    def dim(self) -> int:
        """The size ``d`` of a vector."""

    def __call__(self, names: Sequence[str], synsets: Sequence[str | None]) -> Float[Tensor, "l d"]:
        """The vectors of labels; raises ValueError or OSError where there are none."""


@dataclass(frozen=True)
class LabelSet:
    """The labels in use.

    Args:
        names: their names, in the order of the table.
        columns: their columns in the targets: ``l``.
        seen: which of them may be trained on.
        sources: what a model is given of them, by port name: ``labels_vectors`` ``l d``.
    """

    names: tuple[str, ...]
    columns: Int64[Tensor, "l"]
    seen: tuple[bool, ...]
    sources: Mapping[str, Tensor]


class LabelSpace:
    """The labels of a data source with their vectors.

    Args:
        table: all labels.
        vectors: gives each label its vector; None where the model needs none.
        normalise: scale the vectors to length 1.
        strict: drop seen labels that are the singular or plural of an unseen one, which would not be unseen else.

    Attributes:
        dropped: the seen labels that ``strict`` left out.

    Raises:
        ValueError: a label has no vector, or one that is zero or not finite; all such labels are named.
    """

    def __init__(
        self, table: LabelTable, vectors: LabelVectors | None = None, *, normalise: bool = True, strict: bool = False
    ) -> None:
        self.table = table
        seen = [name for name, is_seen in zip(table.names, table.seen, strict=True) if is_seen]
        unseen = [name for name, is_seen in zip(table.names, table.seen, strict=True) if not is_seen]
        self.dropped = tuple(same_nouns(seen, unseen)) if strict else ()
        self._vectors = None if vectors is None else _read(table, vectors, normalise=normalise)

    def task(self, labels: Labels) -> LabelSet:
        """The seen labels, the unseen ones, or all, without those dropped.

        Raises:
            ValueError: there is no such set.
        """
        if labels not in _SETS:
            raise ValueError(f"expected one of {', '.join(_SETS)}, got `{labels}`")
        table, gone = self.table, set(self.dropped)
        columns = [i for i, name in enumerate(table.names) if table.seen[i] in _SETS[labels] and name not in gone]
        chosen = torch.tensor(columns, dtype=torch.int64)
        return LabelSet(
            tuple(table.names[i] for i in columns),
            chosen,
            tuple(table.seen[i] for i in columns),
            {} if self._vectors is None else {"labels_vectors": self._vectors[chosen]},
        )


def _read(table: LabelTable, vectors: LabelVectors, *, normalise: bool) -> Float[Tensor, "l d"]:
    read = vectors(table.names, table.synsets).to(torch.float32)
    expected = (len(table.names), vectors.dim)
    if tuple(read.shape) != expected:
        raise ValueError(f"expected label vectors of shape {expected}, got {tuple(read.shape)}")
    length = read.norm(dim=1)
    bad = ~length.isfinite() | ((length == 0) if normalise else torch.zeros_like(length, dtype=torch.bool))
    if bad.any():
        names = ", ".join(f"`{table.names[i]}`" for i in bad.nonzero()[:, 0])
        raise ValueError(f"label vectors that are zero or not finite: {names}")
    return read / length[:, None] if normalise else read
