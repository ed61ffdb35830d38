"""Prototypical Networks: the class of the nearest class mean."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float, Int8
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import block
from compose.blocks.core.full_precision import full_precision
from compose.blocks.scoring.split_episodes import split_episodes


@block
class Prototypes(nn.Module):
    """Score an episode's classes by how near the mean of their support pictures is to a query picture.

    It has no weights and takes any number of classes, and of pictures of each.

    Reference: Prototypical Networks (NeurIPS 2017), section 2.2, eq. 1-2.

    Args:
        distance: ``euclidean`` is the squared distance, ``cosine`` 1 less the cosine of the angle.
    """

    def __init__(self, *, distance: Literal["euclidean", "cosine"] = "euclidean") -> None:
        super().__init__()
        self.similarity = _squared if distance == "euclidean" else _angle

    def forward(
        self, features: Float[Tensor, " b *d"], support_targets: Int8[Tensor, "e s n"]
    ) -> Float[Tensor, "e q n"]:
        """Score the classes, in single precision at least.

        Args:
            features: features of all pictures, ``b d``, or maps, which are flattened, ``b c h w``; in each episode
                first the support, then the queries.
            support_targets: 1 for a support picture's class, -1 for the others, ``e s n``.

        Returns:
            Minus the distance of each query picture from each class, ``e q n``.
        """
        support, query = split_episodes(full_precision(features.flatten(1)), support_targets)
        with torch.autocast(features.device.type, enabled=False):
            classes = support_targets.gt(0).to(support.dtype).mT  # e n s
            means = classes @ support / classes.sum(-1, keepdim=True).clamp(min=1)  # e n d, eq. 1
            return self.similarity(query, means)


def _squared(query: Float[Tensor, "e q d"], means: Float[Tensor, "e n d"]) -> Float[Tensor, "e q n"]:
    """Minus |x - y|² as 2xy - |x|² - |y|², without the differences of all pairs."""
    lengths = query.square().sum(-1, keepdim=True) + means.square().sum(-1).unsqueeze(1)
    return 2 * query @ means.mT - lengths


def _angle(query: Float[Tensor, "e q d"], means: Float[Tensor, "e n d"]) -> Float[Tensor, "e q n"]:
    return F.normalize(query, dim=-1) @ F.normalize(means, dim=-1).mT - 1
