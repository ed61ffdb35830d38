"""The form in which a model is given label vectors: standardised, random features, of one length, with a constant."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from compose.errors import listed

_SEED = 0x636F73
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
        cosines: so many random features take the vectors' place, see :func:`random_cosines`; None leaves them.
        length: each vector is scaled to this length, before it is mapped to random features to 1; None leaves the
            lengths as they are.
        constant: a further component of this value is appended; None appends none.
    """

    standardise: bool = False
    cosines: int | None = None
    length: float | None = 1.0
    constant: float | None = None

    def dim(self, size: int) -> int:
        """The size of a vector in this form.

        Args:
            size: its size before.
        """
        return (self.cosines or size) + (self.constant is not None)

    def over(self, seen: Float[Tensor, "s d"]) -> FittedForm:
        """The form, with what it takes from the vectors of the seen labels.

        Args:
            seen: their vectors as they are read.

        Raises:
            ValueError: there are no seen labels, and it needs some.
        """
        fitted = FittedForm(self, Moments.over(seen) if self.standardise else None)
        if self.cosines is None:
            return fitted
        if not len(seen):
            raise ValueError("expected seen labels to centre the vectors' random features by, found none")
        return replace(fitted, centre=fitted.mapped(seen, [""] * len(seen)).mean(dim=0))


@dataclass(frozen=True, eq=False)
class FittedForm:
    """A form, and what it has taken from the seen labels.

    Args:
        form: the form.
        moments: what standardises vectors; None for nothing.
        centre: the mean of the seen labels' random features, ``c``; None without such.
    """

    form: VectorForm
    moments: Moments | None
    centre: Float[Tensor, " c"] | None = None

    def __call__(self, vectors: Float[Tensor, "l d"], names: Sequence[str]) -> Float[Tensor, "l d2"]:
        """The vectors in this form.

        Args:
            vectors: finite vectors.
            names: whose they are.

        Raises:
            ValueError: a vector cannot be scaled, because it is zero, or is once standardised; the first are named.
        """
        formed = self.mapped(vectors, names)
        if self.centre is not None:
            formed = formed - self.centre
        if self.form.length is not None:
            formed = self._scaled(formed, names, self.form.length)
        if self.form.constant is not None:
            formed = torch.nn.functional.pad(formed, (0, 1), value=self.form.constant)
        return formed

    def mapped(self, vectors: Float[Tensor, "l d"], names: Sequence[str]) -> Float[Tensor, "l c"]:
        """The vectors standardised, or their random features."""
        formed = vectors if self.moments is None else self.moments(vectors).to(vectors.dtype)
        if self.form.cosines is None:
            return formed
        unit = formed if self.form.length is None else self._scaled(formed, names, 1.0)
        return random_cosines(unit, self.form.cosines)

    def _scaled(self, vectors: Float[Tensor, "l d"], names: Sequence[str], to: float) -> Float[Tensor, "l d"]:
        length = vectors.norm(dim=1)
        once = "" if self.moments is None else " once standardised"
        refuse(names, length <= (0 if self.moments is None else _NOTHING), f"label vectors that are zero{once}")
        unit: Tensor = vectors / length[:, None]
        return to * unit


def random_cosines(vectors: Float[Tensor, "l d"], count: int) -> Float[Tensor, "l count"]:
    """Random features cos(ω · v + φ), with ω from the normal distribution and φ from the circle, always the same.

    Their inner products are nearly a Gaussian kernel of the vectors: labels that are near stay near, in as many
    dimensions as one likes.

    Reference: Random Features for Large-Scale Kernel Machines (Rahimi and Recht, NeurIPS 2007), algorithm 1.

    Args:
        vectors: of any length.
        count: how many features.
    """
    generator = torch.Generator().manual_seed(_SEED)
    directions = torch.randn(vectors.shape[1], count, generator=generator, dtype=torch.float64)
    phases = 2 * torch.pi * torch.rand(count, generator=generator, dtype=torch.float64)
    return (vectors.double() @ directions + phases).cos().to(vectors.dtype)


def refuse(names: Sequence[str], bad: Tensor, what: str) -> None:
    """Raise ValueError with the names of the first labels whose vectors are bad, if there are any."""
    if bad.any():
        raise ValueError(f"{what}: {listed([names[i] for i in bad.nonzero()[:, 0]], show='`{}`'.format, most=10)}")
