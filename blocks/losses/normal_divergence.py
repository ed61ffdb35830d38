"""How far a normal distribution is from the standard one."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import loss
from compose.blocks.core.full_precision import full_precision


@loss
class NormalDivergence(nn.Module):
    """Keep codes near a standard normal: the Kullback-Leibler divergence of their distribution from it.

    Reference: Auto-Encoding Variational Bayes (ICLR 2014), appendix B; LEO (ICLR 2019).
    """

    def forward(self, mean: Float[Tensor, "*n d"], log_variance: Float[Tensor, "*n d"]) -> Float[Tensor, ""]:
        """Measure the divergence.

        Args:
            mean: of the codes' entries, ``... d``.
            log_variance: the logarithms of their variances, ``... d``.

        Returns:
            The loss, a scalar: summed over the entries of a code, the mean over the codes.
        """
        mean, log_variance = full_precision(mean), full_precision(log_variance)
        return 0.5 * (log_variance.exp() + mean.square() - 1 - log_variance).sum(-1).mean()
