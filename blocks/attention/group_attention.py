"""Group attention of the (ML)²P-Encoder."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.core.activation_kinds import LayerActivation, activation_layer


class RelatedSemantics(NamedTuple):
    """Semantic vectors that know of one another, and how they are related.

    Attributes:
        semantics: the semantic matrix S, ``b g d``.
        relations: A of S = A X: what each row of S takes of each group's vector, ``b g g``.
    """

    semantics: Float[Tensor, "b g d"]
    relations: Float[Tensor, "b g g"]


@block
class GroupAttention(nn.Module):
    """Relate the semantic vectors of the channel groups to one another.

    Every group's vector becomes a sum of all groups' vectors, weighted by learned relations, because the labels of
    one image depend on one another.

    Reference: (ML)²P-Encoder (CVPR 2023), section 3.3, eq. 6-7.

    Deviates: the text speaks of "a series of linear layers" and does not say how the weights begin. Here they are two,
    with an activation between them as released, and every relation begins alike, whatever the image.

    Args:
        dim: size of a semantic vector.
        groups: number of groups; the weights start from it and do not depend on it.
        hidden: width between the two linear layers that make the queries and the keys; by default ``dim``.
        activation: the activation between them.
    """

    def __init__(
        self,
        dim: Dim[int, " d"],
        groups: Dim[int, " g"],
        *,
        hidden: Annotated[int, Field(gt=0)] | None = None,
        activation: LayerActivation = "gelu",
    ) -> None:
        super().__init__()
        self.query = _projection(dim, hidden or dim, groups, activation)
        self.key = _projection(dim, hidden or dim, groups, activation)

    def forward(self, semantics: Float[Tensor, "b g d"]) -> RelatedSemantics:
        """Mix the groups.

        Args:
            semantics: one semantic vector for each group, ``b g d``.

        Returns:
            The semantic matrix S, ``b g d``, and the relations that it is made by, ``b g g``.
        """
        relations = self.query(semantics) @ self.key(semantics).mT  # b g g, eq. 6; no softmax and no scale
        return RelatedSemantics(relations @ semantics, relations)  # eq. 7


def _projection(dim: int, hidden: int, groups: int, activation: LayerActivation) -> nn.Sequential:
    last = nn.Linear(hidden, dim)
    # Every relation begins as 1 / √g, whatever the image, so that all rows of S are one sum of the groups' vectors.
    # S is of third order in X: from random relations the ranking loss sees no way, and where the rows differ from the
    # start, the variance loss shrinks S to nothing before the ranking loss has taught it anything.
    nn.init.zeros_(last.weight)
    nn.init.constant_(last.bias, (groups**-0.5 / dim) ** 0.5)
    return nn.Sequential(nn.Linear(dim, hidden), activation_layer(activation), last)
