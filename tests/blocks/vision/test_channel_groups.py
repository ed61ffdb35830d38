from __future__ import annotations

import pytest
import torch

from compose.block import BlockError
from compose.blocks.vision.channel_groups import ChannelGroups, ChannelUnshuffle

SHUFFLES = ("interleave", "random", "none")


def numbered(channels, images=2):
    """Maps in which every entry tells its channel."""
    return torch.arange(channels, dtype=torch.float32).view(1, -1, 1, 1).repeat(images, 1, 2, 3)


def grouped(maps, groups, **options):
    dim = maps.shape[1] // groups
    return ChannelGroups(maps.shape[1], dim, **options)(maps, torch.zeros(4, dim))


def test_interleave_deals_the_channels_out():
    groups = grouped(numbered(6), 2, shuffle="interleave").groups
    # groups 0 1 2 | 3 4 5: the first of each, the second of each, the third of each
    assert groups[0, :, :, 0, 0].tolist() == [[0, 3, 1], [4, 2, 5]]


def test_none_keeps_the_order():
    groups = grouped(numbered(6), 2, shuffle="none").groups
    assert groups[0, :, :, 0, 0].tolist() == [[0, 1, 2], [3, 4, 5]]


def test_random_is_a_permutation_that_depends_on_the_seed_alone():
    drawn = [grouped(numbered(30), 3, shuffle="random", seed=seed).groups for seed in (1, 1, 2)]
    assert sorted(drawn[0][0, :, :, 0, 0].flatten().tolist()) == list(range(30))
    assert drawn[0].equal(drawn[1])
    assert not drawn[0].equal(drawn[2])


def test_random_is_part_of_the_checkpoint():
    first, second = (ChannelGroups(30, 10, shuffle="random", seed=seed) for seed in (1, 2))
    second.load_state_dict(first.state_dict())
    given = torch.randn(2, 30, 2, 3), torch.randn(4, 10)
    assert all(a.equal(b) for a, b in zip(first(*given), second(*given), strict=True))


def test_places_stay_where_they_are():
    maps = torch.randn(2, 6, 4, 5)
    groups = grouped(maps, 3).groups
    assert groups.shape == (2, 3, 2, 4, 5)
    assert groups[:, 0, 1].equal(maps[:, 2])


@pytest.mark.parametrize("shuffle", SHUFFLES)
@pytest.mark.parametrize("groups", [1, 3, 12])
def test_unshuffle_puts_every_entry_back(shuffle, groups):
    out = grouped(numbered(12), groups, shuffle=shuffle)
    semantics = out.groups.amax((3, 4))
    restored = ChannelUnshuffle(groups, 12 // groups, 12)(semantics, out.order)
    assert restored.shape == semantics.shape
    assert restored[1].flatten().tolist() == list(range(12))


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("shuffle", SHUFFLES)
def test_gradients_follow_the_channels(same, shuffle):
    maps = torch.randn(2, 6, 2, 2, requires_grad=True)
    undo = ChannelUnshuffle(3, 2, 6)

    def fast():
        out = grouped(maps, 3, shuffle=shuffle)
        return undo(out.groups.sum((3, 4)), out.order)

    same(fast, lambda: maps.sum((2, 3)).view(2, 3, 2), [maps])


def test_a_group_is_as_large_as_a_word_vector():
    with pytest.raises(BlockError, match="a word vector's size 300, got 2048 channels"):
        ChannelGroups(2048, 300)


def test_unshuffle_needs_the_order_of_the_same_channels():
    with pytest.raises(BlockError, match="7·300 = 2100 channels, got 2048"):
        ChannelUnshuffle(7, 300, 2048)
