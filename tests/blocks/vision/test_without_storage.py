"""Every block can be made and run without storage, and exported."""

from __future__ import annotations

import pytest
import torch
from torch.utils._pytree import tree_leaves, tree_map

from compose.blocks.attention.group_attention import GroupAttention
from compose.blocks.attention.ml2p_encoder import ML2PEncoder
from compose.blocks.losses.bce import Bce
from compose.blocks.losses.ranknet import RankNet
from compose.blocks.losses.variance import Variance
from compose.blocks.scoring.max_similarity import MaxSimilarity
from compose.blocks.vision.backbone import Backbone
from compose.blocks.vision.channel_groups import ChannelGroups, ChannelUnshuffle
from compose.blocks.vision.forward_pyramid import ForwardPyramid
from compose.blocks.vision.spatial_max import SpatialMax
from compose.model.meta import construct, on_meta


def targets():
    return torch.ones(2, 5, dtype=torch.int8)


BLOCKS = {
    "backbone": (lambda: Backbone(3, arch="conv64", channels=[4, 4]), lambda: [torch.randn(2, 3, 8, 8)]),
    "forward_pyramid": (
        lambda: ForwardPyramid((3, 4), 2, groups=3, level_channels=[2, 2]),
        lambda: [[torch.randn(2, 3, 8, 8), torch.randn(2, 4, 4, 4)], torch.randn(7, 2)],
    ),
    "channel_groups": (
        lambda: ChannelGroups(6, 2, shuffle="random"),
        lambda: [torch.randn(2, 6, 4, 4), torch.randn(7, 2)],
    ),
    "channel_unshuffle": (lambda: ChannelUnshuffle(3, 2, 6), lambda: [torch.randn(2, 3, 2), torch.arange(6)]),
    "spatial_max": (SpatialMax, lambda: [torch.randn(2, 3, 2, 4, 4)]),
    "ml2p_encoder": (lambda: ML2PEncoder(5, 3, 2, 2, shared=False), lambda: [torch.randn(2, 3, 5, 2, 2)]),
    "released": (lambda: ML2PEncoder(5, 3, 2, 2, variant="released"), lambda: [torch.randn(2, 3, 5, 2, 2)]),
    "group_attention": (lambda: GroupAttention(5, 3), lambda: [torch.randn(2, 3, 5)]),
    "max_similarity": (MaxSimilarity, lambda: [torch.randn(2, 3, 5), torch.randn(7, 5)]),
    "ranknet": (RankNet, lambda: [torch.randn(2, 5), targets(), torch.randn(5, 3)]),
    "bce": (Bce, lambda: [torch.randn(2, 5), targets()]),
    "variance": (Variance, lambda: [torch.randn(2, 3, 5)]),
}


def shapes(result):
    return [tuple(tensor.shape) for tensor in tree_leaves(result)]


@pytest.mark.parametrize("name", BLOCKS)
def test_shapes_without_storage(name):
    make, inputs = BLOCKS[name]
    block, _ = construct(make)
    with on_meta():
        found = block(*inputs())
    assert all(tensor.is_meta for tensor in block.state_dict().values())
    assert shapes(found) == shapes(make()(*inputs()))


@pytest.mark.parametrize("name", ["backbone", "forward_pyramid", "channel_groups", "ml2p_encoder", "released"])
def test_export(name):
    make, inputs = BLOCKS[name]
    block, given = make().eval(), tuple(inputs())
    any_batch = tree_map(lambda _: {0: torch.export.Dim.AUTO}, given)
    exported = torch.export.export(block, given, dynamic_shapes=any_batch).module()
    given = tree_map(lambda tensor: torch.cat([tensor, tensor, tensor]), given)
    for ours, theirs in zip(*(tree_leaves(network(*given)) for network in (exported, block)), strict=True):
        torch.testing.assert_close(ours, theirs)


@pytest.mark.parametrize("arch", ["convnext_tiny", "regnet_x_400mf", "swin_t"])
def test_architectures_whose_constructors_look_at_values(arch):
    backbone, _ = construct(lambda: Backbone(3, arch=arch))
    with on_meta():
        last = backbone(torch.randn(2, 3, 64, 64)).last
    assert all(tensor.is_meta for tensor in backbone.state_dict().values())
    assert last.shape[2:] == (2, 2)
