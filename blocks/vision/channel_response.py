"""Where on the map the rows of the semantic matrix come from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from einops import rearrange
from jaxtyping import Float, Int64
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.full_precision import full_precision


class ChannelResponses(NamedTuple):
    """Where the rows of the semantic matrix come from.

    Attributes:
        attention: the share of each row that comes from each place, ``b g h w``; sums to 1 over the places, without a
            gradient.
    """

    attention: Float[Tensor, "b g h w"]


@block
class ChannelResponse(nn.Module):
    """Project the rows of the semantic matrix back on the map: how much of each row comes from each place.

    An entry of the matrix is a sum of channels' maxima, each times a relation between groups. Every such term counts
    by its size at the place of its maximum, so that the map of the row that fits a label shows where the label is seen.

    With g groups of d channels there are g·d·g terms for an image, whatever the map's size.

    Reference: (ML)²P-Encoder (CVPR 2023), figure 6.

    Deviates: the text shows such maps and does not describe the projection; this one is ours.
    """

    def index_ranges(self, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        """The places are those of the flattened map, and the order is one of g·d channels."""
        places, channels = inputs["attention"].shape[-2:], inputs["semantics"].shape[-2:]
        return {"places": range(math.prod(places)), "order": range(math.prod(channels))}

    def forward(
        self,
        semantics: Float[Tensor, "b g d"],
        places: Int64[Tensor, "b g d"],
        attention: Float[Tensor, "b g h w"],
        relations: Float[Tensor, "b g g"] | None = None,
        order: Int64[Tensor, " c"] | None = None,
    ) -> ChannelResponses:
        """Project the terms of every row.

        Args:
            semantics: the groups' semantic vectors X before they are related, ``b g d``.
            places: where on the flattened map each of their entries comes from, ``b g d``.
            attention: maps of the size that the places count in, ``b g h w``; their values mean nothing here.
            relations: A of the semantic matrix A X, ``b g g``; without them it is X.
            order: what ``channel_unshuffle`` puts the matrix in the channels' order by, ``c`` = g·d; without it the
                rows are those of A X.

        Returns:
            The rows' maps, ``b g h w``; a row of zeros has a uniform one.

        Raises:
            ValueError: the order is not one of g·d channels.
        """
        images, groups, dim = semantics.shape
        height, width = attention.shape[2:]
        vectors = full_precision(semantics.detach())
        if relations is None:
            weights = torch.eye(groups, device=vectors.device, dtype=vectors.dtype).expand(images, -1, -1)
        else:
            weights = full_precision(relations.detach())
        row, entry = _entries(groups, dim, order, vectors.device)  # both g d
        terms = (weights[:, row] * vectors.mT[:, entry]).abs()  # b g d g: the sum over the last axis is an entry
        where = places.mT[:, entry]
        maps = terms.new_zeros(images, groups, height * width).scatter_add(2, where.flatten(2), terms.flatten(2))
        total = maps.sum(dim=2, keepdim=True)
        shares = torch.where(total > 0, maps / total, 1 / (height * width))
        return ChannelResponses(rearrange(shares, "b g (h w) -> b g h w", h=height))


def _entries(groups: int, dim: int, order: Tensor | None, device: torch.device) -> tuple[Tensor, Tensor]:
    """For each entry of the matrix in the channels' order its row and its column in A X."""
    if order is None:
        order = torch.arange(groups * dim, device=device)
    elif order.shape[0] != groups * dim:
        raise ValueError(f"expected an order of {groups}·{dim} = {groups * dim} channels, got {order.shape[0]}")
    order = order.view(groups, dim)
    return order // dim, order % dim
