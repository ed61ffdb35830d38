"""Correlation-level inference of DESIRE-Net: novel labels by their learned relation to the base labels."""

from __future__ import annotations

from collections.abc import Callable

from jaxtyping import Float, Int8
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.core.unit_length import unit_length


@block
class CorrelationInference(nn.Module):
    """Score a novel label by a learned relation of its word vector to the example's scores of the base labels.

    An example that looks like a horse among the base labels may well be a zebra. W_I has a row for each base label,
    which are the same in training and in testing. The novel labels change from task to task: no weight depends on their
    number, or on that of the examples.

    Reference: DESIRE-Net, section 3.2.2, eq. 6; leaving base labels out, section 3.3.

    Deviates: the text's W_I is as high as a word vector and as wide as the base labels are many, which does not fit its
    own product; here it is the other way round.

    Args:
        base: number of base labels.
        dim: size of a label's vector.
        normalise: whether the scores of the base labels are divided by their L2 norm.
        bias: whether W_I has a bias.
    """

    def __init__(
        self, base: Dim[int, " m"], dim: Dim[int, " d"], *, normalise: bool = True, bias: bool = False
    ) -> None:
        super().__init__()
        self.relation = nn.Linear(base, dim, bias=bias)  # W_I
        self.scale: Callable[[Tensor], Tensor] = unit_length if normalise else nn.Identity()

    def forward(
        self,
        features: Float[Tensor, "b d"],
        labels_base: Float[Tensor, "m d"],
        labels_novel: Float[Tensor, "l d"],
        labels_base_mask: Int8[Tensor, " m"] | None = None,
    ) -> Float[Tensor, "b l"]:
        """Score the novel labels.

        Args:
            features: one feature for each example, as long as a word vector, ``b d``.
            labels_base: vectors of the base labels, ``m d``.
            labels_novel: vectors of the labels of the task, ``l d``.
            labels_base_mask: 1 for a base label that takes part, 0 for one that the task leaves out, ``m``.

        Returns:
            One score for each example and novel label, ``b l``.
        """
        scores = features @ labels_base.mT  # b m
        if labels_base_mask is not None:
            # Before the norm; and a score of 0 meets no row of W_I.
            scores = scores.masked_fill(labels_base_mask == 0, 0)
        related: Tensor = self.relation(self.scale(scores))
        return related @ labels_novel.mT  # eq. 6
