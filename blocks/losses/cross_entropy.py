"""Softmax cross-entropy against the present labels."""

from __future__ import annotations

from typing import ClassVar

import torch
from jaxtyping import Float, Int8
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.core.full_precision import full_precision


@loss
class CrossEntropy(nn.Module):
    """Cross-entropy of a softmax over the labels with the uniform distribution over an image's present ones.

    With a single present label it is the usual loss of a classifier. Unknown labels are left out of the softmax; an
    image without a present label adds nothing, and the mean is over the others.
    """

    takes_logits: ClassVar[bool] = True

    def forward(self, scores: Float[Tensor, "*b l"], targets: Int8[Tensor, "*b l"]) -> Float[Tensor, ""]:
        """Compare scores with targets.

        Args:
            scores: logits, ``... l``; those of episodes ``e q n``.
            targets: 1 = present, -1 = absent, 0 = unknown (left out), ``... l``.

        Returns:
            The loss, a scalar; 0 where no image has a present label.
        """
        scores = full_precision(scores)
        present = targets > 0
        # The lowest number instead of -inf, whose softmax has no gradient where every label is unknown.
        known = scores.masked_fill(targets == 0, torch.finfo(scores.dtype).min)
        log_probability = known.log_softmax(dim=-1).masked_fill(~present, 0)
        counts = present.sum(-1)
        images = (-log_probability).sum(-1) / counts.clamp(min=1)
        return images.sum() / counts.gt(0).sum().clamp(min=1)
