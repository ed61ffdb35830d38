"""How PosVAE's encoder is given the probability of a class together with its vector."""

from __future__ import annotations

from typing import Literal

import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F

Fusion = Literal["concat", "add", "multiply", "misaligned"]


class FusedLinear(nn.Linear):
    """A linear layer of a class's projected probability p · a + c, fused with its vector.

    What a class brings is affine in p, so that the layer's result is p · W α + (W β + b) with an α and a β for each
    class, and nothing of size images · classes · d is made. ``misaligned`` alone has no such form.

    Args:
        dim: size of a class's vector, and of the projection.
        hidden: size of the result.
        fuse: ``concat``, ``add`` or ``multiply`` the two. ``misaligned`` is what a concatenation along the wrong axis
            makes of them in the released code: the rows of all projections, then of all vectors, are read off in
            pairs, so that an image's classes get what others' bring.
    """

    def __init__(self, dim: int, hidden: int, *, fuse: Fusion) -> None:
        self.fuse = fuse
        super().__init__(2 * dim if fuse in ("concat", "misaligned") else dim, hidden)

    def encode(
        self, posterior: Float[Tensor, "b x"], projection: nn.Linear, vectors: Float[Tensor, "x d"]
    ) -> Float[Tensor, "b x j"]:
        """Apply the layer.

        Args:
            posterior: the probability p of each class, ``b x``.
            projection: gives p · a + c.
            vectors: vectors of the classes, ``x d``.
        """
        if self.fuse == "misaligned":
            return self._misaligned(posterior, projection, vectors)
        slope, constant = self._affine(projection.weight.mT, projection.bias.unsqueeze(0), vectors)
        origin = F.linear(constant, self.weight, self.bias)  # x j
        return torch.addcmul(origin, posterior.to(origin.dtype).unsqueeze(-1), F.linear(slope, self.weight))

    def _affine(
        self, direction: Float[Tensor, "1 d"], origin: Float[Tensor, "1 d"], vectors: Float[Tensor, "x d"]
    ) -> tuple[Float[Tensor, "_ i"], Float[Tensor, "x i"]]:
        """α and β of what goes into the layer, p · α + β."""
        if self.fuse == "add":
            return direction, origin + vectors
        if self.fuse == "multiply":
            return direction * vectors, origin * vectors
        return F.pad(direction, (0, vectors.shape[1])), torch.cat([origin.expand_as(vectors), vectors], dim=1)

    def _misaligned(
        self, posterior: Float[Tensor, "b x"], projection: nn.Linear, vectors: Float[Tensor, "x d"]
    ) -> Float[Tensor, "b x j"]:
        projected = projection(posterior.to(vectors.dtype).unsqueeze(-1))  # b x d
        rows = torch.stack([projected, vectors.expand_as(projected)])  # 2 b x d
        fused: Tensor = self(rows.reshape(-1, 2 * vectors.shape[1]))
        return fused.view(*posterior.shape, -1)
