"""A draw from a normal distribution that a network tells."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block


@block
class NormalSample(nn.Module):
    """Draw from a normal distribution whose mean and variance are given, and let gradients through to both.

    In evaluation it is the mean. LEO draws its codes, and the weights that it decodes from them, in this way.

    Reference: Auto-Encoding Variational Bayes (ICLR 2014), section 2.4; LEO (ICLR 2019).
    """

    def forward(self, mean: Float[Tensor, "*n"], log_variance: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
        """Draw.

        Args:
            mean: of each entry.
            log_variance: the logarithm of its variance, of the same shape.

        Returns:
            A draw, of the same shape.
        """
        if not self.training:
            return mean
        return mean + (0.5 * log_variance).exp() * torch.randn_like(mean)
