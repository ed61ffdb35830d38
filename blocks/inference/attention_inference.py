"""Attention-level inference of DESIRE-Net: novel labels by what the example's base labels mean."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import torch
from jaxtyping import Float, Int8
from pydantic import Field
from torch import Tensor, nn
from torch.nn import functional as F

from compose.block import BlockError, Dim, block
from compose.blocks.core.activation_kinds import LayerActivation
from compose.blocks.core.full_precision import full_precision
from compose.blocks.core.mlp import Mlp
from compose.blocks.core.unit_length import unit_length


class KeyMap(nn.Linear):
    """W_K on the side of the query: its products with the keys are those of what this gives with the vectors."""

    def forward(self, queries: Float[Tensor, "b k"]) -> Float[Tensor, "b d"]:
        """Apply the transpose."""
        return queries @ self.weight


@block
class AttentionInference(nn.Module):
    """Score a novel label by how its word vector fits the weighted mean of the base labels' vectors.

    An example gives each base label a weight: a sigmoid, since it has several labels, divided by the sum of all. No
    parameter depends on the number of base labels, of novel labels or of examples; the base labels are the same in
    training and in testing.

    Reference: DESIRE-Net, section 3.2.2, eq. 8-10; leaving base labels out, section 3.3. Without ``maps`` it is eq. 7,
    the text's basic idea, and what follows in eq. 9 and 10.

    Args:
        inputs: size of a feature.
        dim: size of a label's vector.
        maps: whether query, keys and values are learned linear maps, W_q, W_K and W_V; else they are the feature, which
            is then as long as a label's vector, and the base labels' vectors.
        temperature: τ, what the products of query and keys are divided by before the sigmoid.
        hidden: widths of the hidden layers of W_A; by default one of ``dim``, and W_A is linear where it is empty.
        dropout: share of the entries dropped after each hidden layer while training.
        activation: the activation of the hidden layers.
        normalise: whether the mean a(z) is divided by its L2 norm.
    """

    def __init__(
        self,
        inputs: Dim[int, " f"],
        dim: Dim[int, " d"],
        *,
        maps: bool = True,
        temperature: Annotated[float, Field(gt=0)] = 0.25,
        hidden: list[Annotated[int, Field(gt=0)]] | None = None,
        dropout: Annotated[float, Field(ge=0, lt=1)] = 0.0,
        activation: LayerActivation = "relu",
        normalise: bool = True,
    ) -> None:
        super().__init__()
        self.temperature = temperature
        if not maps and inputs != dim:
            message = f"expected features as long as the labels' vectors, {dim}, without maps, got {inputs}"
            raise BlockError(message, parameter="maps")
        self.query = nn.Linear(inputs, dim, bias=False) if maps else nn.Identity()
        self.key = KeyMap(dim, dim, bias=False) if maps else nn.Identity()
        self.value = nn.Linear(dim, dim, bias=False) if maps else nn.Identity()
        widths = [dim] if hidden is None else hidden
        self.transform = Mlp(dim, sizes=[*widths, dim], dropout=dropout, activation=activation)
        self.scale: Callable[[Tensor], Tensor] = unit_length if normalise else nn.Identity()

    def forward(
        self,
        features: Float[Tensor, "b f"],
        labels_base: Float[Tensor, "m d"],
        labels_novel: Float[Tensor, "l d"],
        labels_base_mask: Int8[Tensor, " m"] | None = None,
    ) -> Float[Tensor, "b l"]:
        """Score the novel labels.

        Args:
            features: one feature for each example, ``b f``.
            labels_base: vectors of the base labels, ``m d``.
            labels_novel: vectors of the labels of the task, ``l d``.
            labels_base_mask: 1 for a base label that takes part, 0 for one that the task leaves out, ``m``; one at
                least takes part.

        Returns:
            One score for each example and novel label, ``b l``.
        """
        # A task has fewer examples than base labels: W_K and W_V are applied to the examples' side, and no key or value
        # is computed, of which each task would have m. The mean of the values is the value of the mean.
        asked = self.key(self.query(features))  # b d, eq. 8
        attention = self._attention(asked @ labels_base.mT, labels_base_mask)
        attended = self.value(attention @ labels_base)  # a(z), b d, eq. 9
        inferred: Tensor = self.transform(self.scale(attended))
        return inferred @ labels_novel.mT  # eq. 10

    def _attention(self, products: Float[Tensor, "b m"], mask: Int8[Tensor, " m"] | None) -> Float[Tensor, "b m"]:
        """The sigmoids over their sum; as a softmax of their logarithms, which no large product makes 0 / 0."""
        logarithms = F.logsigmoid(full_precision(products) / self.temperature)
        if mask is not None:
            logarithms = logarithms.masked_fill(mask == 0, torch.finfo(logarithms.dtype).min)
        return logarithms.softmax(dim=-1).to(products.dtype)
