from __future__ import annotations

import pytest
import torch

from compose.blocks.vision.spatial_max import SpatialMax


@pytest.mark.usefixtures("double")
def test_largest_response_of_each_channel(same):
    groups = torch.randn(2, 3, 4, 2, 3, requires_grad=True)

    def slow():
        best = [max(channel.flatten()) for image in groups for group in image for channel in group]
        return torch.stack(best).view(2, 3, 4)

    same(lambda: SpatialMax()(groups).semantics, slow, [groups])


def test_attention_is_the_share_of_channels_that_peak_at_a_place():
    groups = torch.zeros(1, 2, 4, 2, 3)
    for channel, (row, column) in enumerate([(0, 0), (1, 2), (1, 2), (0, 1)]):
        groups[0, 1, channel, row, column] = 1
    attention = SpatialMax()(groups).attention
    assert attention[0, 1].tolist() == [[0.25, 0.25, 0], [0, 0, 0.5]]


def test_places_are_where_the_largest_responses_lie():
    groups = torch.randn(2, 3, 4, 2, 3)
    semantics, _, places = SpatialMax()(groups)
    for image, group, channel in torch.cartesian_prod(*map(torch.arange, (2, 3, 4))):
        row, column = divmod(int(places[image, group, channel]), 3)
        assert semantics[image, group, channel] == groups[image, group, channel, row, column]


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_attention_sums_to_one_without_a_gradient(dtype):
    attention = SpatialMax()(torch.randn(2, 3, 300, 2, 3, dtype=dtype, requires_grad=True)).attention
    torch.testing.assert_close(attention.sum((2, 3)), torch.ones(2, 3))
    assert not attention.requires_grad
