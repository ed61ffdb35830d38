"""Shuffle channels and cut them into groups, and put semantic vectors back into the channels' order."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal, NamedTuple

import torch
from einops import rearrange
from jaxtyping import Float, Int64
from pydantic import Field
from torch import Tensor, nn

from compose.block import BlockError, Dim, block

Shuffle = Literal["interleave", "random", "none"]


class ChannelGroupsOutput(NamedTuple):
    """Channels in groups, and how to undo their shuffle.

    Attributes:
        groups: the channels, ``b g d h w``.
        order: where each channel lies among the groups' channels, ``c`` = g·d; for ``channel_unshuffle``.
    """

    groups: Float[Tensor, "b g d h w"]
    order: Int64[Tensor, " c"]


@block
class ChannelGroups(nn.Module):
    """Shuffle the channels of a map and cut them into groups as large as a word vector.

    The shuffle gives every group channels from all over the map, so that no group sees only one part of it.
    ``channel_unshuffle`` undoes it on the semantic vectors before they are scored. How many groups there are is a
    matter of the map: ``forward_pyramid`` makes channels for as many as it is asked for.

    Reference: (ML)²P-Encoder (CVPR 2023), section 3.2.

    Deviates: the text shuffles at random, which is ``random``; the default deals the channels out, as released.

    Args:
        channels: channels of the map, a multiple of a word vector's size.
        dim: size of a word vector.
        shuffle: ``interleave`` deals the channels out so that the i-th channels of all groups end up side by side,
            as released; ``random`` draws one permutation from ``seed``; ``none`` keeps the order.
        seed: seed of the random permutation.
    """

    order: Tensor
    taken: Tensor

    def __init__(
        self,
        channels: Dim[int, " c"],
        dim: Dim[int, " d"],
        *,
        shuffle: Shuffle = "interleave",
        seed: Annotated[int, Field(ge=0)] = 0,
    ) -> None:
        super().__init__()
        if channels % dim:
            raise BlockError(f"expected channels for groups of a word vector's size {dim}, got {channels} channels")
        self.groups = channels // dim
        taken = _permutation(channels, self.groups, shuffle, seed)
        self.register_buffer("taken", taken)
        self.register_buffer("order", taken.argsort())

    def index_ranges(self, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        """The order counts the channels."""
        return {"order": range(inputs["maps"].shape[1])}

    def forward(self, maps: Float[Tensor, "b c h w"], labels_vectors: Float[Tensor, "l d"]) -> ChannelGroupsOutput:
        """Shuffle and group.

        Args:
            maps: the map to group, ``b c h w``.
            labels_vectors: the word vectors, ``l d``; only their size is used.

        Returns:
            The groups, ``b g d h w``, and the order for ``channel_unshuffle``.
        """
        groups = rearrange(maps.index_select(1, self.taken), "b (g d) h w -> b g d h w", g=self.groups)
        return ChannelGroupsOutput(groups, self.order)


@block
class ChannelUnshuffle(nn.Module):
    """Put the entries of semantic vectors back into the channels' order before the shuffle of ``channel_groups``.

    The entries of the semantic matrix correspond one to one to the channels that were grouped. Scores and the
    variance loss read the matrix after this step, because its rows are then the vectors that meet the word vectors.

    Reference: (ML)²P-Encoder (CVPR 2023), released code.

    Deviates: the text does not undo the shuffle.

    Args:
        groups: number of groups.
        dim: size of a semantic vector.
        channels: channels of the map that was grouped.
    """

    def __init__(self, groups: Dim[int, " g"], dim: Dim[int, " d"], channels: Dim[int, " c"]) -> None:
        super().__init__()
        if groups * dim != channels:
            raise BlockError(f"expected an order of {groups}·{dim} = {groups * dim} channels, got {channels}")

    def index_ranges(self, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        """The order counts the channels."""
        return {"order": range(math.prod(inputs["semantics"].shape[-2:]))}

    def forward(self, semantics: Float[Tensor, "b g d"], order: Int64[Tensor, " c"]) -> Float[Tensor, "b g d"]:
        """Undo the shuffle.

        Args:
            semantics: one vector for each group, ``b g d``.
            order: the port ``order`` of ``channel_groups``, ``c`` = g·d.

        Returns:
            The same entries in the order of the channels before the shuffle, ``b g d``.
        """
        return semantics.flatten(1).index_select(1, order).view_as(semantics)


def _permutation(channels: int, groups: int, shuffle: Shuffle, seed: int) -> Tensor:
    """Which channel of the input comes to each place."""
    if shuffle == "random":
        return torch.randperm(channels, generator=torch.Generator("cpu").manual_seed(seed), device="cpu")
    order = torch.arange(channels)
    return rearrange(order, "(g d) -> (d g)", g=groups) if shuffle == "interleave" else order
