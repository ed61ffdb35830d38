"""What a data source gives: a label table, shapes, and batches of examples.

A data source is a class registered with ``@data`` that extends :class:`DataSource`, or :class:`PictureSource` where its
examples are pictures. Making one reads no examples; only what the shapes and the labels need (a label file) is read.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal, get_args

from pydantic import Field

from compose.block import registration
from compose.errors import RunError

if TYPE_CHECKING:
    import numpy as np
    from jaxtyping import Float, Int64
    from torch import Tensor

    from compose.data.normalisation import Normalisation
    from compose.data.picture_reader import PictureReader
    from compose.data.pictures.grey_range import GreyRange
    from compose.data.publishers.publication import Publication

Split = Literal["train", "val", "test"]
SPLITS: tuple[Split, ...] = get_args(Split)
Count = Annotated[int, Field(ge=1, le=10_000_000)]
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


class Examples(ABC):
    """A split: a map from lists of indices to batches.

    Indices run on over the epochs: example ``i`` of epoch ``t`` is ``t * len(self) + i``, so that drawn or augmented
    examples differ from epoch to epoch and yet depend on the index and the source's seed alone. A batch is a dict of
    tensors with a leading batch dim: ``image`` float32 ``b 3 h w`` (or ``features`` ``b d``), ``targets`` int8 ``b l``
    with 1 = present, -1 = absent, 0 = unknown, over all labels of the table.

    Tasks for few-shot learning are drawn from the kinds of examples that say which labels each shows without being
    read: :class:`~compose.data.classes.single_label.SingleLabelExamples` and
    :class:`~compose.data.multi_label.MultiLabelExamples`.
    """

    repeats: bool = False
    """Whether every epoch has the same examples, so that what is computed of them may be kept."""

    @abstractmethod
    def __len__(self) -> int:
        """Examples in one epoch."""

    @abstractmethod
    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        """The batch of these examples."""

    def names(self, indices: Sequence[int]) -> list[str]:
        """What each of these examples is called where it has a name, such as its file; "" for one without."""
        return [""] * len(indices)

    def carried(self) -> Int64[np.ndarray, " k"] | None:
        """The labels that some example carries, as columns of the targets; None where only reading them would tell."""
        return None


class DataSource(ABC):
    """A source of examples, deterministic by its seed."""

    gives: ClassVar[tuple[str, ...]] = ()
    """The reserved inputs that its examples feed besides their targets."""
    beside_test: ClassVar[frozenset[str]] = frozenset()
    """Parameters that change nothing of what a model is measured on: what training alone sees, what else examples hold,
    and how the files' pixels become the model's input. Results that differ in others are not compared."""
    example_protocol: str | None = None
    """Of examples of several labels each: how they are divided where the labels are."""
    publication: ClassVar[Publication | None] = None
    """What its publisher offers, where it reads files as published."""

    @property
    def name(self) -> str:
        """The name after ``use:``."""
        return registration(type(self)).name

    @property
    @abstractmethod
    def labels(self) -> LabelTable:
        """All labels, seen and unseen."""

    @property
    @abstractmethod
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """What an example holds besides its targets: reserved name -> shape without the batch dim."""

    @abstractmethod
    def split(self, name: Split) -> Examples:
        """The examples of a split. Raises DataError where the source has none."""

    def task_examples(self, name: Split) -> Examples:
        """The examples that tasks of a split are drawn from: in every epoch the same ones, however often augmented.

        Raises:
            DataError: the source has none.
        """
        return self.split(name)

    @property
    def parents(self) -> tuple[str, ...]:
        """For each label the group that it belongs to (an alphabet, a superclass); empty where there are no groups."""
        return ()

    def check(self) -> list[str]:
        """Read through what training will read and return every problem found, one line each."""
        return []

    def notes(self) -> list[str]:
        """What else :meth:`check` found: it keeps nobody from training, but the user should know it. One line each."""
        return []

    def published_counts(self) -> dict[str, int]:
        """How many examples its files hold for each of the publisher's splits, whatever the options leave out; empty
        where there is no publisher."""
        return {}

    def content(self) -> str:
        """A digest of what its files hold, by which a run sees that they have changed; "" where it reads none.

        What its labels are, and how many examples there are, need not be in it.
        """
        return ""

    def read_image(self, path: Any) -> Tensor:
        """One picture of the user's as the model takes it, float32 ``c h w`` (for ``compose predict``).

        Raises:
            DataError: it cannot be read, or the examples are no pictures.
        """
        raise DataError(f"{path}: {self._no_pictures}")

    def scaled(self, path: Any) -> GreyRange | None:
        """The range by which a picture of the user's was scaled, where the picture alone told it; else None."""
        return None

    @property
    def reader(self) -> PictureReader | None:
        """What :meth:`read_image` does, as plain data that a run keeps, so that prediction needs no data; None where
        reading needs the source."""
        return None

    def displayed(self, image: Float[Tensor, "*b c h w"]) -> Float[Tensor, "*b 3 h w"]:
        """Pictures as people see them, with pixels in [0, 1].

        Args:
            image: pictures as the model takes them.

        Raises:
            DataError: the examples are no pictures.
        """
        raise DataError(self._no_pictures)

    @property
    def _no_pictures(self) -> str:
        held = ", ".join(f"`{name}`" for name in self.shapes)
        got = f"whose examples hold {held}" if held else "which has no examples"
        return f"expected a data source of pictures, got `{self.name}`, {got}"


class PictureSource(DataSource):
    """A source whose examples are pictures, normalised.

    Attributes:
        normalisation: how pixels in [0, 1] become a model's input.
    """

    gives: ClassVar[tuple[str, ...]] = ("image",)
    normalisation: Normalisation

    @abstractmethod
    def read_image(self, path: Any) -> Tensor:
        """One picture of the user's as the model takes it, float32 ``c h w``.

        Raises:
            DataError: it cannot be read.
        """

    def scaled(self, path: Any) -> GreyRange | None:
        """The range by which a picture of the user's was scaled, where it has more than 8 bits, or decimals."""
        from compose.data.pictures.picture import wide_range

        return wide_range(Path(path))

    def displayed(self, image: Float[Tensor, "*b c h w"]) -> Float[Tensor, "*b 3 h w"]:
        """Pictures as people see them, with pixels in [0, 1]."""
        return self.normalisation.undo(image)


class DataError(RunError):
    """The data cannot be used: the message lists every problem, one a line."""
