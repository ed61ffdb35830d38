"""CONSE: an image's place among the label vectors, from what a classifier says of the seen labels."""

from __future__ import annotations

from typing import Annotated

import torch
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.full_precision import full_precision


@block
class ConvexCombination(nn.Module):
    """Take the mean of the vectors of an image's most probable seen labels, weighted by their probabilities.

    The image gets a place among the vectors without any training but the classifier's; ``cosine`` compares it with
    those of all labels. Where the probabilities come from is left to the spec: the paper's are a softmax over classes
    of which an image shows one.

    Reference: CONSE, Zero-Shot Learning by Convex Combination of Semantic Embeddings (ICLR 2014).

    Args:
        top: how many labels count, T; all of them where there are fewer.
    """

    def __init__(self, *, top: Annotated[int, Field(gt=0)] = 10) -> None:
        super().__init__()
        self.top = top

    def forward(self, probabilities: Float[Tensor, "b m"], labels_base: Float[Tensor, "m d"]) -> Float[Tensor, "b d"]:
        """Combine the vectors.

        Args:
            probabilities: how probable each seen label is, at least 0, ``b m``.
            labels_base: vectors of the seen labels, ``m d``.

        Returns:
            The weighted mean of the T most probable labels' vectors, ``b d``.
        """
        count = min(self.top, probabilities.shape[1])
        probable, places = full_precision(probabilities).clamp(min=0).topk(count, dim=1)  # b t
        kept = probabilities.new_zeros(probabilities.shape, dtype=probable.dtype).scatter(1, places, probable)
        total = probable.sum(1, keepdim=True).clamp(min=torch.finfo(kept.dtype).tiny)
        mean = kept @ labels_base.to(kept.dtype) / total
        return mean.to(labels_base.dtype)
