"""How probable each external class is for an image."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn

from compose.block import block
from compose.blocks.core.full_precision import full_precision


@block
class ClassPosterior(nn.Module):
    """Give each external node its class's probability: a softmax over the classes that have a node.

    A classifier of the external classes may know some of the labels, too. Their scores are left out before the
    softmax, so that the nodes' probabilities sum to one.

    Reference: RGCN-PosVAE (BMVC 2020), section 3.2.
    """

    def index_ranges(self, inputs: Mapping[str, Any], known: Mapping[str, range]) -> dict[str, range]:
        """Each class's place counts the external nodes; -1 is none."""
        return {"external_classes": range(-1, inputs["external_vectors"].shape[0])}

    def forward(
        self,
        logits: Float[Tensor, "b k"],
        external_classes: Int64[Tensor, " k"],
        external_vectors: Float[Tensor, "x d"],
    ) -> Float[Tensor, "b x"]:
        """Compute the probabilities, in single precision at least.

        Args:
            logits: the classifier's scores, ``b k``.
            external_classes: for each class of the classifier its node's place, -1 where it has none, ``k``.
            external_vectors: vectors of the external nodes, ``x d``; only their number counts.

        Returns:
            The probability of each node's class, ``b x``.
        """
        logits = full_precision(logits)
        left_out = external_classes < 0
        # The lowest number instead of -inf, whose softmax has no gradient where every class is left out.
        kept = logits.masked_fill(left_out, torch.finfo(logits.dtype).min)
        nodes = external_vectors.shape[0]
        places = external_classes.masked_fill(left_out, nodes)  # one column more, for what is left out
        columns = logits.new_zeros(logits.shape[0], nodes + 1)
        return columns.index_add(1, places, kept.softmax(dim=1))[:, :nodes]
