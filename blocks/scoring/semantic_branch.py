"""The semantic branch of STANet: the classes of all episodes, told from the backbone's map alone."""

from __future__ import annotations

from jaxtyping import Float, Int8
from torch import Tensor, nn

from compose.block import Dim, block


@block
class SemanticBranch(nn.Module):
    """Score all training classes by a linear layer on the mean of a picture's map.

    An episode only tells a few classes apart; this teaches the backbone what all episodes share. Training alone needs
    it: the weights depend on the number of training classes, and the scores of an episode do not use it.

    Reference: STANet (AAAI 2019), section 4.3, eq. 11.

    Args:
        channels: channels of the map.
        labels: number of training classes.
    """

    def __init__(self, channels: Dim[int, " c"], labels: Dim[int, " l"]) -> None:
        super().__init__()
        self.linear = nn.Linear(channels, labels)

    def forward(self, maps: Float[Tensor, "b c h w"], targets: Int8[Tensor, "b l"]) -> Float[Tensor, "b l"]:
        """Score the training classes.

        Args:
            maps: the backbone's last map of every picture, ``b c h w``.
            targets: the pictures' training classes, ``b l``; only their number counts.

        Returns:
            One logit for each picture and training class, ``b l``.
        """
        scores: Tensor = self.linear(maps.mean((2, 3)))
        return scores
