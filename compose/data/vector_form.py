"""The form in which a model is given label vectors: standardised, of one length, with a constant component."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

_NOTHING = 1e-6
"""The length below which a standardised vector is one of rounding errors."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Moments:
    """What standardises each dimension.

    Args:
        mean: what is taken from it, ``d``.
        deviation: what it is then divided by, ``d``.
    """

    mean: Float[Tensor, " d"]
    deviation: Float[Tensor, " d"]

    def __call__(self, vectors: Float[Tensor, "l d"]) -> Float[Tensor, "l d"]:
        """The vectors standardised."""
        return (vectors.double() - self.mean) / self.deviation

    @classmethod
    def over(cls, seen: Float[Tensor, "s d"]) -> Moments:
        """What standardises the vectors of any labels, from those of the seen ones.

        A dimension in which these do not differ is not divided by its deviation of 0.

        Raises:
            ValueError: there are no seen labels.
        """
        if not len(seen):
            raise ValueError("expected seen labels to standardise the vectors by, found none")
        known = seen.double()
        deviation = known.std(dim=0, correction=0).masked_fill((known == known[0]).all(dim=0), 1)
        return cls(mean=known.mean(dim=0), deviation=deviation)


@dataclass(frozen=True, kw_only=True)
class VectorForm:
    """What is done to the vectors of labels, in this order.

    Args:
        standardise: each dimension gets mean 0 and standard deviation 1 over the seen labels.
        length: each vector is scaled to this length; None leaves the lengths as they are.
        constant: a further component of this value is appended; None appends none.
    """

    standardise: bool = False
    length: float | None = 1.0
    constant: float | None = None

    @property
    def added(self) -> int:
        """The components that are appended."""
        return 0 if self.constant is None else 1

    def __call__(
        self, vectors: Float[Tensor, "l d"], names: Sequence[str], moments: Moments | None = None
    ) -> Float[Tensor, "l d2"]:
        """The vectors in this form.

        Args:
            vectors: finite vectors.
            names: whose they are.
            moments: what standardises them.

        Raises:
            ValueError: a vector cannot be scaled, because it is zero, or is once standardised; all are named.
        """
        formed = vectors if moments is None else moments(vectors).to(vectors.dtype)
        if self.length is not None:
            length = formed.norm(dim=1)
            once = "" if moments is None else " once standardised"
            refuse(names, length <= (0 if moments is None else _NOTHING), f"label vectors that are zero{once}")
            formed = self.length * (formed / length[:, None])
        if self.constant is not None:
            formed = torch.nn.functional.pad(formed, (0, 1), value=self.constant)
        return formed


def refuse(names: Sequence[str], bad: Tensor, what: str) -> None:
    """Raise ValueError with the names of the labels whose vectors are bad, if there are any."""
    if bad.any():
        raise ValueError(f"{what}: {', '.join(f'`{names[i]}`' for i in bad.nonzero()[:, 0])}")
