"""What all kinds of label vectors have in common."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

import numpy as np
import torch
from jaxtyping import Float
from numpy.typing import NDArray
from torch import Tensor


class LabelVectors(ABC):
    """What gives labels their vectors: a class registered with ``@vectors``.

    A label's vector depends on the label alone, never on which others are asked for with it. Making one reads no
    vectors, and neither does its ``dim``, so that shapes can be checked before the vectors are read.
    """

    reads_meanings: bool = False
    """Whether a label's vector follows from its WordNet synset: of a name alone the first noun sense."""

    @property
    @abstractmethod
    def dim(self) -> int:
        """The size ``d`` of a vector."""

    def notes(self, names: Sequence[str]) -> list[str]:
        """What the user should know of the vectors of these labels although it stops nothing. One line each."""
        return []

    @abstractmethod
    def __call__(self, names: Sequence[str], synsets: Sequence[str | None]) -> Float[Tensor, "l d"]:
        """The vectors of labels, float32.

        Args:
            names: ``l`` label names.
            synsets: ``l`` explicit synsets such as ``queen.n.02``, None for a label without one.

        Raises:
            MissingLabels: all labels without a vector.
        """


def as_tensor(vectors: NDArray[np.floating]) -> Float[Tensor, "l d"]:
    """Vectors as a float32 tensor of their own."""
    return torch.from_numpy(np.array(vectors, dtype=np.float32))
