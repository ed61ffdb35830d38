"""Relation Networks: a learned comparison of a query picture with a class."""

from __future__ import annotations

from typing import Annotated

from einops import einsum, rearrange
from jaxtyping import Float, Int8
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import BlockError, Dim, block
from compose.blocks.core.activation_kinds import LayerActivation
from compose.blocks.core.layers.layer_options import LayerOptions
from compose.blocks.core.values import DropShare, Epsilon, Momentum
from compose.blocks.scoring.split_episodes import split_episodes

SMALLEST = 4


@block
class RelationModule(nn.Module):
    """Score how well a query picture's map and the summed maps of a class's support fit together, from 0 to 1.

    Both maps are concatenated; two blocks of convolution, batch norm, ReLU and max-pooling and two linear layers
    follow. The paper trains it by the squared error (``target_mse``). It takes any number of classes, and of pictures
    of each.

    Reference: Relation Network (CVPR 2018), section 3.2-3.4, eq. 1.

    Args:
        channels: channels of the map.
        height: height of the map.
        width: width of the map.
        size: channels of the blocks.
        hidden: width of the first linear layer.
        activation: the activation behind each norm, and behind the first linear layer.
        dropout: share of the entries dropped behind each of these while training.
        eps: added to the variance by the batch norms.
        momentum: the share of a batch in their running mean and variance; the released code has 1.
    """

    def __init__(
        self,
        channels: Dim[int, " c"],
        height: Dim[int, " h"],
        width: Dim[int, " w"],
        *,
        size: Annotated[int, Field(gt=0)] = 64,
        hidden: Annotated[int, Field(gt=0)] = 8,
        activation: LayerActivation = "relu",
        dropout: DropShare = 0.0,
        eps: Epsilon = 1e-5,
        momentum: Momentum = 0.1,
    ) -> None:
        super().__init__()
        if min(height, width) < SMALLEST:
            expected = f"expected a map of {SMALLEST} × {SMALLEST} or more, which is pooled twice"
            raise BlockError(f"{expected}, got {height} × {width}")
        self.join = nn.Conv2d(2 * channels, size, kernel_size=3, padding=1, bias=False)
        options = LayerOptions(activation=activation, dropout=dropout, eps=eps, momentum=momentum)
        self.compare = nn.Sequential(
            *(*_behind(options, size), nn.MaxPool2d(2)),
            nn.Conv2d(size, size, kernel_size=3, padding=1, bias=False),
            *(*_behind(options, size), nn.MaxPool2d(2)),
            nn.Flatten(),
            *(nn.Linear(size * (height // 4) * (width // 4), hidden), options.function(), nn.Dropout(dropout)),
            *(nn.Linear(hidden, 1), nn.Sigmoid()),
        )

    def forward(self, maps: Float[Tensor, "b c h w"], support_targets: Int8[Tensor, "e s n"]) -> Float[Tensor, "e q n"]:
        """Score the classes.

        Args:
            maps: maps of all pictures, ``b c h w``; in each episode first the support, then the queries.
            support_targets: 1 for a support picture's class, -1 for the others, ``e s n``.

        Returns:
            The relation of each query picture to each class, ``e q n``, between 0 and 1.
        """
        support, query = split_episodes(maps, support_targets)
        pairs = self._joined(_class_sums(support, support_targets), query)
        relations: Tensor = self.compare(rearrange(pairs, "e q n o h w -> (e q n) o h w"))
        return rearrange(relations, "(e q n) 1 -> e q n", e=pairs.shape[0], q=pairs.shape[1])

    def _joined(
        self, classes: Float[Tensor, "e n c h w"], query: Float[Tensor, "e q c h w"]
    ) -> Float[Tensor, "e q n o h w"]:
        """The first convolution on the concatenated maps of all pairs, as a part for each class and each query."""
        weights = self.join.weight.chunk(2, dim=1)
        of_classes, of_queries = map(_convolve, (classes, query), weights)
        return of_classes.unsqueeze(1) + of_queries.unsqueeze(2)


def _behind(options: LayerOptions, channels: int) -> tuple[nn.Module, ...]:
    """What stands behind a convolution."""
    return options.norm(channels), options.function(), nn.Dropout(options.dropout)


def _convolve(maps: Float[Tensor, "e n c h w"], weight: Float[Tensor, "o c 3 3"]) -> Float[Tensor, "e n o h w"]:
    convolved = F.conv2d(rearrange(maps, "e n c h w -> (e n) c h w"), weight, padding=1)
    return rearrange(convolved, "(e n) o h w -> e n o h w", e=maps.shape[0])


def _class_sums(support: Float[Tensor, "e s c h w"], targets: Int8[Tensor, "e s n"]) -> Float[Tensor, "e n c h w"]:
    """The maps of each class's support pictures, summed."""
    return einsum(targets.gt(0).to(support.dtype), support, "e s n, e s c h w -> e n c h w")
