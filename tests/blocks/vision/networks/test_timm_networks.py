"""Networks of timm: their taps, layouts, images and heads."""

from __future__ import annotations

import pytest
import timm
import torch

from compose.block import BlockError
from compose.blocks.vision.backbone import Backbone
from compose.model.meta import on_meta

VIT = "timm/vit_tiny_patch16_224"


def refused(arch, **options):
    with on_meta(), pytest.raises(BlockError) as raised:
        Backbone(3, 64, 64, arch=arch, **options)
    return raised.value


def same_weights(backbone, original):
    state = original.state_dict()
    backbone.body.load_state_dict({name: state[name] for name in backbone.body.state_dict()})
    return backbone.eval(), original.eval()


@pytest.mark.parametrize(
    ("arch", "taps", "strides", "channels"),
    [
        ("resnet18", ["layer1", "layer4"], [4, 32], [64, 512]),
        ("mobilenetv3_small_100", ["blocks.1", "blocks.3"], [8, 16], [24, 48]),
        ("convnext_tiny", ["stages.0", "stages.2"], [4, 16], [96, 384]),
        ("swin_tiny_patch4_window7_224", ["layers.0", "layers.2"], [4, 16], [96, 384]),
        ("vit_tiny_patch16_224", ["blocks.2", "blocks.5"], [16, 16], [192, 192]),
        ("efficientnet_b0", None, [32], [1280]),
        ("mixer_s32_224", None, [32], [512]),
        ("levit_128", None, [56], [384]),
        ("pit_ti_224", None, [32], [256]),  # whose features are class tokens alone
    ],
)
def test_maps_and_strides(arch, taps, strides, channels):
    size = timm.get_pretrained_cfg(arch).input_size[-1]
    with on_meta():
        backbone = Backbone(3, size, size, arch=f"timm/{arch}", taps=taps)
        found = backbone(torch.randn(2, 3, size, size))
    assert backbone.strides == strides
    assert [m.shape[1] for m in found.maps] == channels
    assert [size / m.shape[2] for m in found.maps] == pytest.approx(strides, rel=0.15)


def test_taps_in_the_order_of_the_spec():
    backbone, original = same_weights(
        Backbone(3, 32, 32, arch=VIT, taps=["blocks.3", "blocks.1"]),
        timm.create_model("vit_tiny_patch16_224", img_size=32),
    )
    image = torch.randn(2, 3, 32, 32)
    tokens = original.blocks[0](original.norm_pre(original._pos_embed(original.patch_embed(image))))
    second = original.blocks[1](tokens)
    fourth = original.blocks[3](original.blocks[2](second))
    found = backbone(image)
    for ours, theirs in zip(found.maps, (fourth, second), strict=True):
        torch.testing.assert_close(ours.flatten(2).transpose(1, 2), theirs[:, 1:])
    torch.testing.assert_close(found.pooled, second[:, 0])
    assert found.last is found.maps[1]


def test_nothing_behind_the_last_tap_is_left():
    names = list(Backbone(3, 32, 32, arch=VIT, taps=["blocks.1"]).state_dict())
    assert any(".blocks.1." in name for name in names)
    assert not any(part in name for name in names for part in (".blocks.2.", ".norm.", ".head."))


def test_the_head_is_left_out():
    names = list(Backbone(3, 64, 64, arch="timm/mobilenetv3_small_100").state_dict())
    assert not any("conv_head" in name or "classifier" in name for name in names)


def test_pooling():
    image = torch.randn(2, 3, 32, 32)
    for pooling in (None, "class_token", "mean", "own"):
        backbone = Backbone(3, 32, 32, arch=VIT, pooling=pooling)
        found = backbone.eval()(image)
        features = backbone.body.forward_features(image)
        expected = features[:, 1:].mean(1) if pooling == "mean" else features[:, 0]
        torch.testing.assert_close(found.pooled, expected)


def test_pooling_of_the_network_s_own():
    backbone, original = same_weights(
        Backbone(3, 64, 64, arch="timm/mobilenetv3_small_100", pooling="own"),
        timm.create_model("mobilenetv3_small_100"),
    )
    image = torch.randn(2, 3, 64, 64)
    torch.testing.assert_close(original.classifier(backbone(image).pooled), original(image))


def test_registers_are_no_class_token():
    with on_meta():
        backbone = Backbone(3, 64, 64, arch="timm/vit_medium_patch16_reg4_gap_256")
        found = backbone(torch.randn(2, 3, 64, 64))
    assert backbone.pooling == "mean"
    assert found.tokens.shape == (2, 16, 512)
    assert "has no class token" in str(refused("timm/vit_medium_patch16_reg4_gap_256", pooling="class_token"))


@pytest.mark.parametrize("arch", ["resnet18", "vit_tiny_patch16_224", "swin_tiny_patch4_window7_224"])
@pytest.mark.parametrize("shape", [(1, 64, 64), (4, 32, 96)])
def test_images_of_other_channels_and_sizes(arch, shape):
    with on_meta():
        found = Backbone(*shape, arch=f"timm/{arch}")(torch.randn(2, *shape))
    stride = 16 if "vit" in arch else 32
    assert found.last.shape[2:] == (shape[1] // stride, shape[2] // stride)


def test_unknown_tap():
    error = refused(VIT, taps=["block.3"])
    assert error.parameter == "taps"
    assert "blocks.3" in str(error)


def test_name_with_a_tag():
    with on_meta():
        assert Backbone(3, 64, 64, arch="timm/resnet18.a1_in1k").strides == [32]
    error = refused("timm/resnet18.a9_in1k")
    assert error.parameter == "arch"
    assert "a1_in1k" in str(error)


def test_the_network_s_own_pooling_of_what_is_no_map():
    error = refused("timm/pit_ti_224", pooling="own")
    assert error.parameter in ("pooling", "arch")


def test_compiled():
    backbone = Backbone(3, 32, 32, arch=VIT, taps=["blocks.0"]).eval()
    image = torch.randn(2, 3, 32, 32)
    compiled = torch.compile(backbone, backend="eager", fullgraph=True)
    torch.testing.assert_close(compiled(image).last, backbone(image).last)
