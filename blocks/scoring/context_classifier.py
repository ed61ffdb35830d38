"""Scores of an episode's classes from the contexts of a query picture."""

from __future__ import annotations

import torch
from einops import rearrange
from jaxtyping import Float, Int8
from torch import Tensor, nn

from compose.block import Dim, block

VOTES = 10.0
"""The logit of a class that all the votes are for, at the start."""


@block(fixes=("n",))
class ContextClassifier(nn.Module):
    """Score the classes of an episode by a linear layer on the contexts of all layers, concatenated.

    The weights depend on the number of classes in an episode.

    Reference: STANet (AAAI 2019), section 4.2.2-4.2.3, eq. 8.

    Deviates: the text does not say how the weights begin. Here it is as the mean of the layers' votes, which task
    attention gives as the first entries of its contexts.

    Args:
        layers: number of layers.
        size: size of a context.
        classes: number of classes in an episode.
    """

    def __init__(self, layers: Dim[int, " m"], size: Dim[int, " v"], classes: Dim[int, " n"]) -> None:
        super().__init__()
        self.linear = nn.Linear(layers * size, classes)
        with torch.no_grad():
            votes = VOTES / layers * torch.eye(classes, size)
            self.linear.weight.copy_(votes.repeat(1, layers))
            self.linear.bias.zero_()

    def forward(
        self, contexts: Float[Tensor, "m e q v"], support_targets: Int8[Tensor, "e s n"]
    ) -> Float[Tensor, "e q n"]:
        """Score the classes.

        Args:
            contexts: the query pictures' contexts after each layer, ``m e q v``.
            support_targets: the support pictures' classes, ``e s n``; only the number of classes counts.

        Returns:
            One logit for each query picture and class, ``e q n``.
        """
        scores: Tensor = self.linear(rearrange(contexts, "m e q v -> e q (m v)"))
        return scores
