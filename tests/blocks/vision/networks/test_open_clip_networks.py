"""Image towers of open_clip: transformers, ResNets, trunks of timm."""

from __future__ import annotations

import pytest
import torch

from compose.block import BlockError
from compose.blocks.vision.backbone import Backbone
from compose.model.meta import on_meta

VIT = "open_clip/ViT-B-32"


def refused(**options):
    with on_meta(), pytest.raises(BlockError) as raised:
        Backbone(3, 64, 64, **options)
    return raised.value


@pytest.mark.parametrize(
    ("arch", "taps", "strides", "shapes", "pooled"),
    [
        ("ViT-B-32", ["transformer.resblocks.3", "transformer.resblocks.7"], [32, 32], [(768, 2), (768, 2)], 768),
        ("RN50", ["layer1", "layer3"], [4, 16], [(256, 16), (1024, 4)], 1024),
        ("RN50", None, [32], [(2048, 2)], 2048),
        ("ViT-B-16-SigLIP", None, [16], [(768, 4)], 768),
        ("convnext_base", ["stages.1", "stages.3"], [8, 32], [(256, 8), (1024, 2)], 1024),
        ("coca_ViT-B-32", None, [32], [(768, 2)], 768),
    ],
)
def test_maps_and_strides(arch, taps, strides, shapes, pooled):
    with on_meta():
        backbone = Backbone(3, 64, 64, arch=f"open_clip/{arch}", taps=taps)
        found = backbone(torch.randn(2, 3, 64, 64))
    assert backbone.strides == strides
    assert [(m.shape[1], m.shape[2]) for m in found.maps] == shapes
    assert found.pooled.shape == (2, pooled)


@pytest.mark.parametrize(
    ("arch", "size"), [("ViT-B-32", 512), ("RN50", 1024), ("ViT-B-16-SigLIP", 768), ("convnext_base", 512)]
)
def test_the_embedding_beside_texts(arch, size):
    with on_meta():
        backbone = Backbone(3, 64, 64, arch=f"open_clip/{arch}", pooling="own")
        assert backbone(torch.randn(2, 3, 64, 64)).pooled.shape == (2, size)


def test_the_projection_is_left_out_where_it_is_not_asked_for():
    with on_meta():
        names = set(Backbone(3, 64, 64, arch=VIT).body.state_dict())
        projected = set(Backbone(3, 64, 64, arch=VIT, pooling="own").body.state_dict())
    assert projected - names == {"proj"}


def test_nothing_behind_the_last_tap_is_left():
    with on_meta():
        names = list(Backbone(3, 64, 64, arch=VIT, taps=["transformer.resblocks.1"]).body.state_dict())
    assert any("resblocks.1." in name for name in names)
    assert not any(part in name for name in names for part in ("resblocks.2.", "ln_post", "proj" + "ection"))


@pytest.mark.parametrize("arch", ["ViT-B-32", "RN50", "convnext_base"])
def test_images_of_other_channels(arch):
    with on_meta():
        found = Backbone(4, 64, 64, arch=f"open_clip/{arch}")(torch.randn(2, 4, 64, 64))
    assert found.last.shape[2:] == (2, 2)


def test_unknown_tap():
    error = refused(arch=VIT, taps=["resblocks.3"])
    assert error.parameter == "taps"
    assert "transformer.resblocks.3" in str(error)


def test_weights_that_go_with_another_activation():
    error = refused(arch=VIT, weights="openai")
    assert error.parameter == "arch"
    assert "expected open_clip/ViT-B-32-quickgelu, got open_clip/ViT-B-32" in str(error)


def test_published_weights_are_named():
    error = refused(arch=VIT, weights="imagenet")
    assert error.parameter == "weights"
    assert "laion2b_s34b_b79k" in str(error)
