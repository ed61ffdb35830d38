"""Matching Networks: the classes of the support pictures that a query picture is like."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float, Int8
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import block
from compose.blocks.core.full_precision import full_precision
from compose.blocks.scoring.split_episodes import split_episodes


@block
class Matching(nn.Module):
    """Let support pictures vote for their classes, each as much as its angle to a query picture is small.

    The votes are a softmax over the support; a class's score is the logarithm of its votes, so that cross-entropy
    takes it as it is. It has no weights and takes any number of classes, and of pictures of each.

    Reference: Matching Networks (NeurIPS 2016), section 2.1, eq. 1 and section 2.1.1.

    Deviates: there are no full context embeddings.

    Args:
        temperature: what the cosine is divided by before the softmax; the paper has 1.
    """

    def __init__(self, *, temperature: Annotated[float, Field(gt=0)] = 1.0) -> None:
        super().__init__()
        self.temperature = temperature

    def forward(
        self, features: Float[Tensor, " b *d"], support_targets: Int8[Tensor, "e s n"]
    ) -> Float[Tensor, "e q n"]:
        """Score the classes, in single precision at least.

        Args:
            features: features of all pictures, ``b d``, or maps, which are flattened, ``b c h w``; in each episode
                first the support, then the queries.
            support_targets: 1 for a support picture's class, -1 for the others, ``e s n``.

        Returns:
            The logarithm of the probability of each query picture's class, ``e q n``.
        """
        features = F.normalize(full_precision(features.flatten(1)), dim=-1)
        support, query = split_episodes(features, support_targets)
        with torch.autocast(features.device.type, enabled=False):
            cosine = query @ support.mT  # e q s
        votes = (cosine / self.temperature).log_softmax(dim=-1)
        # Summed as logarithms, since what is left for a class far off may be too small for a number.
        others = support_targets.le(0).unsqueeze(1)  # e 1 s n
        return votes.unsqueeze(-1).masked_fill(others, torch.finfo(votes.dtype).min).logsumexp(dim=2)
