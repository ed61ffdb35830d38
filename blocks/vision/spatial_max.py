"""The spatial maximum of channels in groups: semantic vectors, and where they come from."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import torch
from einops import rearrange
from jaxtyping import Float, Int64
from torch import Tensor, nn

from compose.block import block


class Semantics(NamedTuple):
    """Semantic vectors and the places that they come from.

    Attributes:
        semantics: one vector for each group, ``b g d``.
        attention: for each group the share of its d channels whose maximum lies at a place, ``b g h w``; sums to 1
            over the places, without a gradient.
        places: where each channel has its maximum, as a place of the flattened map, ``b g d``.
    """

    semantics: Float[Tensor, "b g d"]
    attention: Float[Tensor, "b g h w"]
    places: Int64[Tensor, "b g d"]


@block
class SpatialMax(nn.Module):
    """Take every channel's largest response: the semantic vectors of channel groups without an encoder.

    Reference: (ML)²P-Encoder (CVPR 2023), table 3 (a, b, d).
    """

    def index_ranges(self, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        """The places are those of the flattened map."""
        return {"places": range(math.prod(inputs["groups"].shape[-2:]))}

    def forward(self, groups: Float[Tensor, "b g d h w"]) -> Semantics:
        """Pool the places away.

        Args:
            groups: channels in groups, ``b g d h w``.

        Returns:
            The semantic vectors, ``b g d``, the share of the maxima at each place, ``b g h w``, and their places,
            ``b g d``.
        """
        return spatial_max(groups)


def spatial_max(groups: Float[Tensor, "b g d h w"]) -> Semantics:
    """Every channel's maximum over the places, and the share of each group's maxima at each place, and the places."""
    *_, channels, height, width = groups.shape
    semantics, places = groups.flatten(3).max(dim=-1)  # both b g d
    counts = torch.zeros((*places.shape[:2], height * width), device=places.device)
    counts = counts.scatter_add(2, places, torch.ones(places.shape, device=places.device))
    return Semantics(semantics, rearrange(counts / channels, "b g (h w) -> b g h w", h=height), places)
