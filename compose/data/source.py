"""What a data source gives: a label table, shapes, and batches of examples.

A data source is a class registered with ``@data`` that meets :class:`DataSource`. Making one reads no examples; only
what the shapes and the labels need (a label file) is read.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal, Protocol, get_args

from pydantic import Field
from torch import Tensor

from compose.errors import RunError

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
Count = Annotated[int, Field(ge=1)]
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True)
class LabelTable:
    """The labels of a data source, in the order of the columns of its targets.

    Args:
        names: unique label names.
        seen: whether a label may be trained on; the others are unseen.
        synsets: the WordNet synset of a label (``queen.n.08``) where the table names one, else None.
    """

    names: tuple[str, ...]
    seen: tuple[bool, ...]
    synsets: tuple[str | None, ...]


class Examples(Protocol):
    """A split: a map from lists of indices to batches.

    Indices run on over the epochs: example ``i`` of epoch ``t`` is ``t * len(self) + i``, so that drawn or augmented
    examples differ from epoch to epoch and yet depend on the index and the source's seed alone. A batch is a dict of
    tensors with a leading batch dim: ``image`` float32 ``b 3 h w`` (or ``features`` ``b d``), ``targets`` int8 ``b l``
    with 1 = present, -1 = absent, 0 = unknown, over all labels of the table.
    """

    def __len__(self) -> int:
        """Examples in one epoch."""

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these examples."""


class DataSource(Protocol):
    """A source of examples, deterministic by its seed."""

    @property
    def labels(self) -> LabelTable:
        """All labels, seen and unseen."""

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """What an example holds besides its targets: reserved name -> shape without the batch dim."""

    def split(self, name: Split) -> Examples:
        """The examples of a split. Raises DataError where the source has none."""

    def check(self) -> list[str]:
        """Read through what training will read and return every problem found, one line each."""

    def notes(self) -> list[str]:
        """What else :meth:`check` found: it keeps nobody from training, but the user should know it. One line each."""

    def read_image(self, path: Any) -> Tensor:
        """One picture of the user's as the model takes it, float32 ``3 h w`` (for ``compose predict``)."""


class DataError(RunError):
    """The data cannot be used: the message lists every problem, one a line."""
