from __future__ import annotations

import pytest
import torch

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
