"""A linear layer of two concatenated tensors, as a part for each."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F


class SplitLinear(nn.Module):
    """W [x; y] + b as W₁ x and W₂ y + b, whose sum the caller takes where x and y meet.

    Of n and m vectors each pair is wanted: that takes n + m products instead of n · m. Weights and their initial
    values are those of one linear layer on the concatenation.

    Args:
        first: size of x.
        second: size of y.
        size: size of the result.
    """

    def __init__(self, first: int, second: int, size: int) -> None:
        super().__init__()
        self.first = first
        whole = nn.Linear(first + second, size)
        self.weight, self.bias = whole.weight, whole.bias

    def forward(
        self, first: Float[Tensor, "*n f"], second: Float[Tensor, "*m s"]
    ) -> tuple[Float[Tensor, "*n o"], Float[Tensor, "*m o"]]:
        """Both parts, the second with the bias."""
        part: Tensor = F.linear(first, self.weight[:, : self.first])
        return part, F.linear(second, self.weight[:, self.first :], self.bias)
