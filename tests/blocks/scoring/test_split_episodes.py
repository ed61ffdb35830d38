from __future__ import annotations

import pytest
import torch

from compose.blocks.attention.query_state import QueryState
from compose.blocks.scoring.split_episodes import SplitEpisodes


def targets(episodes, support, classes=2):
    return -torch.ones(episodes, support, classes, dtype=torch.int8)


def test_first_the_support_then_the_queries_of_each_episode():
    pictures = torch.arange(14.0)[:, None, None] * torch.ones(14, 3, 2)
    support, query = SplitEpisodes()(pictures, targets(2, 4))
    assert support[:, :, 0, 0].tolist() == [[0, 1, 2, 3], [7, 8, 9, 10]]
    assert query[:, :, 0, 0].tolist() == [[4, 5, 6], [11, 12, 13]]
    assert support.shape == (2, 4, 3, 2)
    assert query.shape == (2, 3, 3, 2)


@pytest.mark.parametrize("pictures", [13, 8, 6])
def test_pictures_that_make_no_episodes(pictures):
    message = f"as many pictures in each episode, and queries after the support, got {pictures} for 2 episodes with 4"
    with pytest.raises(ValueError, match=message):
        SplitEpisodes()(torch.zeros(pictures, 3), targets(2, 4))


def test_the_first_state_is_the_mean_of_the_map():
    query = torch.randn(2, 3, 4, 2, 5)
    found = QueryState()(query)
    for episode in range(2):
        for picture in range(3):
            expected = torch.stack([channel.sum() / 10 for channel in query[episode, picture]])
            torch.testing.assert_close(found[episode, picture], expected)
