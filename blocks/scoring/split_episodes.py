"""Cut the pictures of a batch of episodes into support and query."""

from __future__ import annotations

from typing import NamedTuple

from einops import rearrange
from jaxtyping import Float, Int8
from torch import Tensor, nn

from compose.block import block


class SplitEpisodesOutput(NamedTuple):
    """What belongs to the pictures of each episode.

    Attributes:
        support: of the pictures whose classes are given, ``e s ...``.
        query: of the pictures to be classified, ``e q ...``.
    """

    support: Float[Tensor, "e s *r"]
    query: Float[Tensor, "e q *r"]


@block
class SplitEpisodes(nn.Module):
    """Cut a batch of episodes into its support and its query pictures.

    A backbone sees the pictures of all episodes at once: in each episode first the support, then the queries.
    """

    def forward(self, features: Float[Tensor, " b *r"], support_targets: Int8[Tensor, "e s n"]) -> SplitEpisodesOutput:
        """Cut.

        Args:
            features: features or maps of all pictures, ``b ...`` with b = e · (s + q).
            support_targets: the support pictures' classes, ``e s n``; only the numbers of episodes and of support
                pictures count.

        Returns:
            The parts, ``e s ...`` and ``e q ...``.

        Raises:
            ValueError: the pictures are not as many in each episode, or leave no query.
        """
        support, query = split_episodes(features, support_targets)
        # Each layer that reads the parts as matrices would copy them otherwise.
        return SplitEpisodesOutput(support.contiguous(), query.contiguous())


def split_episodes(features: Float[Tensor, " b *r"], support_targets: Int8[Tensor, "e s n"]) -> SplitEpisodesOutput:
    """The support and the query part of a batch of episodes.

    Raises:
        ValueError: the pictures are not as many in each episode, or leave no query.
    """
    pictures, (episodes, support) = features.shape[0], support_targets.shape[:2]
    if pictures % episodes != 0 or pictures // episodes <= support:
        given = f"{pictures} for {episodes} episodes with {support} support pictures"
        raise ValueError(f"expected as many pictures in each episode, and queries after the support, got {given}")
    each = pictures // episodes
    parts = rearrange(features, "(e each) ... -> e each ...", each=each)
    return SplitEpisodesOutput(*parts.split_with_sizes([support, each - support], dim=1))
