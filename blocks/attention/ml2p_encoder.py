"""The multi-label MLP encoder ((ML)²P-Encoder): a semantic vector from each group of channels."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from einops import rearrange
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import BlockError, Dim, block
from compose.blocks.attention.channel_attention import ChannelAttention, ReleasedChannelAttention
from compose.blocks.attention.group_mixer import GroupMixer
from compose.blocks.core.activation_kinds import LayerActivation
from compose.blocks.core.values import DropShare, Epsilon
from compose.blocks.vision.spatial_max import Semantics, spatial_max


@block(name="ml2p_encoder")
class ML2PEncoder(nn.Module):
    """Turn each group of channels into a semantic vector as long as a word vector.

    Attention among the channels of a group finds which of them respond together; two MLPs mix what each channel sees
    in its places and what each place shows in its channels; the maximum over the places is the channel's response.

    Reference: (ML)²P-Encoder (CVPR 2023), section 3.2, eq. 1-5.

    Deviates: the text leaves open the size of the convolutions (here 1 × 1), how wide the hidden layers are (a fifth of
    their input, as released), what the layer norms go over (the channels) and how the weights begin: attention and MLPs
    add nothing at first.

    Args:
        dim: channels in a group.
        groups: number of groups.
        height: height of the map.
        width: width of the map.
        shared: whether all groups use the same weights; otherwise each has its own.
        variant: ``paper`` follows the text; ``released`` the authors' code, whose queries, keys and values see the
            channels of all groups and are compared by angle, without a residual, and whose responses pass a sigmoid.
        kernel: size of the convolutions that make queries, keys and values (``released``: of the depthwise one),
            odd; by default 1 (``released``: 3).
        reduction: the hidden layers of the MLPs are this many times narrower than their inputs.
        activation: the activation of the hidden layers.
        dropout: share of their entries dropped while training.
        eps: added to the variance by the layer norms.
    """

    def __init__(
        self,
        dim: Dim[int, " d"],
        groups: Dim[int, " g"],
        height: Dim[int, " h"],
        width: Dim[int, " w"],
        *,
        shared: bool = True,
        variant: Literal["paper", "released"] = "paper",
        kernel: Annotated[int, Field(gt=0)] | None = None,
        reduction: Annotated[int, Field(gt=0)] = 5,
        activation: LayerActivation = "gelu",
        dropout: DropShare = 0.0,
        eps: Epsilon = 1e-5,
    ) -> None:
        super().__init__()
        if kernel is not None and kernel % 2 == 0:
            raise BlockError(f"expected an odd size, so that the map keeps its own, got {kernel}", parameter="kernel")
        sets = 1 if shared else groups
        self.attention: nn.Module
        if variant == "released":
            self.attention = ReleasedChannelAttention(dim, groups, kernel=kernel or 3)
        else:
            self.attention = ChannelAttention(dim, sets, kernel=kernel or 1)
        self.mixer = GroupMixer(
            dim,
            sets,
            places=height * width,
            reduction=reduction,
            activation=activation,
            dropout=dropout,
            eps=eps,
        )
        self.response = nn.Sigmoid() if variant == "released" else nn.Identity()

    def index_ranges(self, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        """The places are those of the flattened map."""
        return {"places": range(math.prod(inputs["groups"].shape[-2:]))}

    def forward(self, groups: Float[Tensor, "b g d h w"]) -> Semantics:
        """Encode the groups.

        Args:
            groups: channels in groups, ``b g d h w``.

        Returns:
            The semantic vectors X, ``b g d``, the share of the maxima at each place, ``b g h w``, and their places,
            ``b g d``.
        """
        related = self.attention(groups)
        mixed = self.mixer(rearrange(related, "b g d h w -> b g (h w) d"))
        maps = rearrange(mixed, "b g (h w) d -> b g d h w", h=groups.shape[3])
        semantics, attention, places = spatial_max(maps)
        return Semantics(self.response(semantics), attention, places)
