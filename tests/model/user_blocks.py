"""Blocks as a user would write them, for the tests of shapes: a classifier, a mixer, a scale."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from jaxtyping import Float, Int8
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block


@block
class ClosedClassifier(nn.Module):
    """Score labels by a matrix of their number, as a closed-set classifier does."""

    def __init__(self, dim: Dim[int, " d"], labels: Dim[int, " l"]) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, labels)

    def forward(self, semantics: Float[Tensor, "b d"], labels_vectors: Float[Tensor, "l k"]) -> Float[Tensor, "b l"]:
        """Score."""
        out: Tensor = self.linear(semantics)
        return out


@block
class OutOf(nn.Module):
    """Score a number of labels that its parameter fixes."""

    def __init__(self, dim: Dim[int, " d"], *, labels: Annotated[int, Field(gt=0)]) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, labels)

    def forward(self, semantics: Float[Tensor, "b d"], labels_vectors: Float[Tensor, "l k"]) -> Float[Tensor, "b l"]:
        """Score."""
        out: Tensor = self.linear(semantics)
        return out


@block
class PoolMap(nn.Module):
    """Average a map over its places."""

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c"]:
        """Average."""
        return maps.mean((2, 3))


@block
class Widen(nn.Module):
    """A linear layer to a given width."""

    def __init__(self, dim: Dim[int, " d"], *, width: Annotated[int, Field(gt=0)]) -> None:
        super().__init__()
        self.linear = nn.Linear(dim, width)

    def forward(self, x: Float[Tensor, "b d"]) -> Float[Tensor, "b k"]:
        """Widen."""
        out: Tensor = self.linear(x)
        return out


class Halves(NamedTuple):
    """Two halves.

    Attributes:
        left: the first half.
        right: the second half.
    """

    left: Float[Tensor, "b k"]
    right: Float[Tensor, "b k"]


@block
class Split(nn.Module):
    """Cut a vector in two."""

    def forward(self, x: Float[Tensor, "b d"]) -> Halves:
        """Cut."""
        left, right = x.chunk(2, dim=1)
        return Halves(left, right)


@block
class AddPair(nn.Module):
    """Add two vectors of one width."""

    def forward(self, x: Float[Tensor, "b d"], y: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        """Add."""
        return x + y


@block
class AddAny(nn.Module):
    """Add two tensors of one shape."""

    def forward(self, x: Float[Tensor, "*n d"], y: Float[Tensor, "*n d"]) -> Float[Tensor, "*n d"]:
        """Add."""
        return x + y


@block
class Total(nn.Module):
    """Add any number of vectors of one width."""

    def forward(self, vectors: list[Float[Tensor, "b d"]]) -> Float[Tensor, "b d"]:
        """Add."""
        return torch.stack(vectors).sum(0)


@block
class Rows(nn.Module):
    """Make a stack of vectors the semantic vectors of a picture."""

    def forward(self, stack: Float[Tensor, "m b d"]) -> Float[Tensor, "b m d"]:
        """Transpose."""
        return stack.transpose(0, 1)


@block
class Broken(nn.Module):
    """Fails on every input."""

    def forward(self, x: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        """Fail."""
        return x @ x


# --- of episodes --------------------------------------------------------------------------------------------------


class Biased(nn.Module):
    """Adds a weight to each of the scores along one of their dims."""

    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(*shape))

    def forward(self, scores: Float[Tensor, "e q n"]) -> Float[Tensor, "e q n"]:
        """Add."""
        return scores + self.bias


@block
class Tempered(nn.Module):
    """One weight on all scores."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, scores: Float[Tensor, "e q n"]) -> Float[Tensor, "e q n"]:
        """Multiply."""
        return scores * self.weight


@block
class EpisodeBias(Biased):
    """A weight for each episode of a batch."""

    def __init__(self, episodes: Dim[int, " e"]) -> None:
        super().__init__(episodes, 1, 1)


@block
class QueryBias(Biased):
    """A weight for each query picture."""

    def __init__(self, queries: Dim[int, " q"]) -> None:
        super().__init__(queries, 1)


@block
class WayBias(Biased):
    """A weight for each class of an episode."""

    def __init__(self, ways: Dim[int, " n"]) -> None:
        super().__init__(ways)


@block(fixes=("n",))
class FixedWayBias(Biased):
    """The same, and it says so."""

    def __init__(self, ways: Dim[int, " n"]) -> None:
        super().__init__(ways)


@block
class BiasOf(Biased):
    """A weight for each of a number of classes that its parameter fixes."""

    def __init__(self, *, classes: Annotated[int, Field(gt=0)]) -> None:
        super().__init__(classes)


@block
class SupportBias(nn.Module):
    """A weight for each support picture."""

    def __init__(self, support: Dim[int, " s"]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(support, 1))

    def forward(self, scores: Float[Tensor, "e q n"], support_targets: Int8[Tensor, "e s n"]) -> Float[Tensor, "e q n"]:
        """Add."""
        return scores + (support_targets * self.weight).sum(1, keepdim=True)


# --- of lists ------------------------------------------------------------------------------------------------------


class KeptMaps(NamedTuple):
    """Maps as they came.

    Attributes:
        maps: the maps.
    """

    maps: list[Float[Tensor, "b ?c ?h ?w"]]


@block
class Keep(nn.Module):
    """Pass maps on."""

    def forward(self, maps: list[Float[Tensor, "b ?c ?h ?w"]]) -> KeptMaps:
        """Pass on."""
        return KeptMaps(maps)


@block
class KeepOne(nn.Module):
    """Pass one map on as a list."""

    def forward(self, maps: Float[Tensor, "b c h w"]) -> KeptMaps:
        """Pass on."""
        return KeptMaps([maps])


@block
class Half(nn.Module):
    """Take the first of two stacked tensors."""

    def forward(self, stacked: Float[Tensor, "m *k d"]) -> Float[Tensor, "*k d"]:
        """Take."""
        return stacked[0]


class ListOfOne(NamedTuple):
    """A tensor in a list.

    Attributes:
        items: the list.
    """

    items: list[Float[Tensor, "*k d"]]


@block
class Enlist(nn.Module):
    """Put a tensor in a list."""

    def forward(self, x: Float[Tensor, "*k d"]) -> ListOfOne:
        """Put."""
        return ListOfOne([x])


class ListedMean(NamedTuple):
    """A number in a list.

    Attributes:
        items: the list.
    """

    items: list[Float[Tensor, ""]]


@block
class EnlistMean(nn.Module):
    """Put the mean of a tensor in a list."""

    def forward(self, x: Float[Tensor, "*k d"]) -> ListedMean:
        """Put."""
        return ListedMean([x.mean()])


@block
class AtLeastAHundred(nn.Module):
    """Score a hundred labels or more."""

    def forward(self, features: Float[Tensor, "b l c"], labels_vectors: Float[Tensor, "l d"]) -> Float[Tensor, "b l"]:
        if len(labels_vectors) < 100:
            raise ValueError("too few labels")
        return features.mean(-1)


@block
class TrainingAlone(nn.Module):
    """Score labels in training alone."""

    def forward(self, features: Float[Tensor, "b l c"], labels_vectors: Float[Tensor, "l d"]) -> Float[Tensor, "b l"]:
        if not self.training:
            raise ValueError("only for training")
        return features.mean(-1)
