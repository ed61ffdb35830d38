"""The shared multi-attention of LESA: a few attentions over a map that all labels share."""

from __future__ import annotations

from typing import Annotated, NamedTuple

from einops import rearrange
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block


class Attended(NamedTuple):
    """What each attention takes from a map.

    Attributes:
        features: one feature for each attention, ``b m c``.
        attention: what an attention takes from each place, ``b m h w``; sums to 1 over the places.
        energies: the same before the softmax, ``b m h w``.
    """

    features: Float[Tensor, "b m c"]
    attention: Float[Tensor, "b m h w"]
    energies: Float[Tensor, "b m h w"]


@block
class SharedMultiAttention(nn.Module):
    """Look at a map with several attentions, each a weighted mean over the places.

    No attention belongs to a label, so that unseen labels find the regions that they need, and thousands of labels
    cost no more than a few. Memory grows with images · places · hidden; without ``share_first`` it is that for every
    attention, which the tanh needs again in the backward pass.

    Reference: LESA (CVPR 2020), section 4.2, eq. 3-5.

    Deviates: both layers have a bias, as released; eq. 5 prints none.

    Args:
        channels: channels of the map.
        modules: number of attentions.
        hidden: width of the hidden layer; by default ``channels``.
        share_first: whether all attentions use the same hidden layer W₁; otherwise each has its own.
        bias: whether both layers have a bias. That of the second changes the energies, which ``diversity`` compares,
            but not the attention.
    """

    def __init__(
        self,
        channels: Dim[int, " c"],
        *,
        modules: Annotated[int, Field(gt=0)] = 10,
        hidden: Annotated[int, Field(gt=0)] | None = None,
        share_first: bool = True,
        bias: bool = True,
    ) -> None:
        super().__init__()
        sets, width = 1 if share_first else modules, hidden or channels
        self.first = nn.Conv2d(channels, sets * width, kernel_size=1, bias=bias)
        self.second = nn.Conv2d(sets * width, modules, kernel_size=1, groups=sets, bias=bias)

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Attended:
        """Look.

        Args:
            maps: the map, ``b c h w``; of any size, every place is a region.

        Returns:
            The attentions' features z, ``b m c``, their weights α, and the energies e before the softmax, both
            ``b m h w``.
        """
        energies = self.second(self.first(maps).tanh())  # eq. 5
        attention = energies.flatten(2).softmax(dim=-1)
        features = attention @ rearrange(maps, "b c h w -> b (h w) c")  # eq. 4
        return Attended(features, attention.view_as(energies), energies)
