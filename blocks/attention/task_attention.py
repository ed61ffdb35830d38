"""The task attention of STANet: which support pictures a query picture is like."""

from __future__ import annotations

from typing import Annotated, NamedTuple

import torch
from jaxtyping import Float, Int8
from pydantic import Field
from torch import Tensor, nn

from compose.block import Dim, block
from compose.blocks.attention.scaled_query import ScaledQuery

GAIN = 0.8
"""Of queries and keys at the start: greater ones pick one support picture alone, of which learning gets nothing."""


class TaskAttended(NamedTuple):
    """What a query picture takes from the support.

    Attributes:
        context: the query's context o_g, from the support's features and classes, ``e q v``.
        state: what is now known of the query, [z; o_s], ``e q 2*c``.
        episode_attention: what is taken from each support picture, ``e q s``; sums to 1.
    """

    context: Float[Tensor, "e q v"]
    state: Float[Tensor, "e q 2*c"]
    episode_attention: Float[Tensor, "e q s"]


@block(fixes=("n",))
class TaskAttention(nn.Module):
    """Find the support pictures that are like a query picture, and take over what they show and their classes.

    The weights depend on the number of classes in an episode: trained on five classes, it serves five and no other
    number, though any number of pictures of each.

    Reference: STANet (AAAI 2019), section 4.2.2-4.2.3, eq. 6, 7 and 9.

    Deviates: the text does not say how the weights begin. Here it is as a nearest-neighbour classifier, where queries
    equal keys and the context is the votes of the support: from a random start episodes stay at chance for long.

    Args:
        channels: size of a feature.
        classes: number of classes in an episode.
        keys: size of queries and keys; by default ``channels``.
        size: size of a context; by default ``channels``.
    """

    def __init__(
        self,
        channels: Dim[int, " c"],
        classes: Dim[int, " n"],
        *,
        keys: Annotated[int, Field(gt=0)] | None = None,
        size: Annotated[int, Field(gt=0)] | None = None,
    ) -> None:
        super().__init__()
        self.asked = ScaledQuery(channels, channels, keys=keys or channels)
        self.asked.start_alike(GAIN)
        self.value = nn.Linear(channels + classes, size or channels, bias=False)
        with torch.no_grad():
            self.value.weight.zero_()[:, channels:] = torch.eye(size or channels, classes)

    def forward(
        self,
        query_features: Float[Tensor, "e q c"],
        support_features: Float[Tensor, "e q s c"],
        support_targets: Int8[Tensor, "e s n"],
    ) -> TaskAttended:
        """Compare each query picture with the support.

        Args:
            query_features: features of the query pictures, ``e q c``.
            support_features: features of the support pictures as each query sees them, ``e q s c``.
            support_targets: 1 for a support picture's class, -1 for the others, ``e s n``.

        Returns:
            The context o_g, ``e q v``, the new state h, ``e q 2*c``, and the attention a, ``e q s``.
        """
        asked = self.asked(query_features).unsqueeze(-1)  # e q c 1
        attention = (support_features @ asked).squeeze(-1).softmax(dim=-1)  # e q s
        taken = (attention.unsqueeze(-2) @ support_features).squeeze(-2)  # o_s, e q c, eq. 9
        votes = attention @ support_targets.gt(0).to(attention.dtype)  # e q n
        # The mean of the values is the value of the mean: W_v is applied once to a query, not to each of its pairs.
        context = self.value(torch.cat([taken, votes], dim=-1))  # o_g, eq. 6-7
        return TaskAttended(context, torch.cat([query_features, taken], dim=-1), attention)
