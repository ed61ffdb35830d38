from __future__ import annotations

import copy

import pytest
import torch
import torchvision

from compose.block import BlockError
from compose.blocks.vision.backbone import Backbone
from compose.model.meta import on_meta


def image(size=64, channels=3):
    return torch.randn(2, channels, size, size)


def refused(**options):
    with on_meta(), pytest.raises(BlockError) as raised:
        Backbone(3, **options)
    return raised.value


# --- taps ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arch", "taps", "strides", "channels"),
    [
        ("resnet18", ["layer1", "layer2", "layer3", "layer4"], [4, 8, 16, 32], [64, 128, 256, 512]),
        ("vgg11_bn", ["pool3", "pool4", "pool5"], [8, 16, 32], [256, 512, 512]),
        ("conv64", ["block1", "block4"], [2, 16], [64, 64]),
        ("resnet12", ["layer2", "layer4"], [4, 16], [160, 640]),
        ("mobilenet_v2", ["features.6", "features.13.conv.1"], [8, 16], [32, 576]),
        ("squeezenet1_1", None, [16], [512]),
    ],
)
def test_maps_and_strides(arch, taps, strides, channels):
    with on_meta():
        backbone = Backbone(3, arch=arch, taps=taps)
        maps, last, *_ = backbone(image(128))
    assert backbone.strides == strides
    assert [m.shape[1] for m in maps] == channels
    if arch != "squeezenet1_1":  # which loses a border
        assert [128 // m.shape[-1] for m in maps] == strides
    assert last is maps[-1]


def test_pools_of_vgg19_as_the_paper_taps_them():
    with on_meta():
        backbone = Backbone(3, arch="vgg19", taps=["pool3", "pool4", "pool5"])
    assert backbone.places == ["features.18", "features.27", "features.36"]


def test_same_maps_as_the_whole_network():
    network = torchvision.models.resnet18(weights=None).eval()
    backbone = Backbone(3, arch="resnet18", taps=["layer1", "layer2"]).eval()
    backbone.body.load_state_dict(network.state_dict(), strict=False)
    x = image()
    first = network.layer1(network.maxpool(network.relu(network.bn1(network.conv1(x)))))
    for ours, theirs in zip(backbone(x).maps, [first, network.layer2(first)], strict=True):
        torch.testing.assert_close(ours, theirs)


def test_a_map_is_not_overwritten_by_the_layer_behind_it():
    backbone = Backbone(3, arch="resnet18", taps=["bn1", "layer1"]).eval()
    x = image()
    torch.testing.assert_close(backbone(x).maps[0], backbone.body.bn1(backbone.body.conv1(x)))
    assert backbone(x).maps[0].min() < 0


def test_nothing_behind_the_last_tap_is_left():
    names = list(Backbone(3, arch="resnet18", taps=["layer1", "layer2"]).state_dict())
    assert any("layer2" in name for name in names)
    assert not any("layer3" in name or "fc" in name for name in names)


def test_taps_come_in_the_order_of_the_spec():
    maps, last, *_ = Backbone(3, arch="conv64", taps=["block3", "block1"])(image())
    assert [m.shape[-1] for m in maps] == [8, 32]
    assert last.shape[-1] == 32


def test_every_weight_gets_a_gradient():
    backbone = Backbone(3, arch="resnet12", channels=[4, 8, 8, 16])
    backbone(image()).last.square().sum().backward()
    assert all(p.grad is not None and p.grad.abs().sum() > 0 for p in backbone.parameters())


def test_copies_are_independent():
    backbone = Backbone(3, arch="conv64", channels=[4, 4])
    other = copy.deepcopy(backbone).eval()
    assert backbone.training
    assert not other.training
    assert other(image()).last.shape == (2, 4, 16, 16)


def test_unknown_tap():
    error = refused(taps=["layer5"])
    assert error.parameter == "taps"
    assert "got layer5" in str(error)
    assert "layer4" in str(error)


def test_unknown_tap_of_a_network_of_numbered_layers():
    assert "pool5" in str(refused(arch="vgg11", taps=["pool6"]))


def test_unknown_layer():
    assert str(refused(arch="conv64", taps=["block1", "layer2"])) == (
        "expected a place such as block1, block2, block3, block4, got layer2"
    )


def test_a_vector_is_no_map():
    error = refused(arch="vit_b_32", taps=["heads"])
    assert error.parameter == "taps"
    assert "heads with shape 1×1000" in str(error)


def test_a_pair_is_no_map():
    error = refused(arch="vit_b_32", taps=["encoder.layers.encoder_layer_0.self_attention"])
    assert "a map b c h w, got encoder.layers.encoder_layer_0.self_attention with a tuple" in str(error)


# --- tokens and vectors ----------------------------------------------------------------------------------------------


def test_tokens_of_a_convolutional_network_are_the_places_of_its_map():
    found = Backbone(3, arch="conv64", channels=[4, 4])(torch.randn(2, 3, 8, 12))
    assert found.tokens.shape == (2, 2 * 3, 4)
    assert found.tokens[1, 4].equal(found.last[1, :, 1, 1])  # the second row begins after three places
    assert found.pooled.equal(found.last.mean((2, 3)))


def test_a_network_without_a_class_token_pools_its_map():
    error = refused(arch="resnet18", pooling="class_token")
    assert error.parameter == "pooling"
    assert str(error) == "expected mean or own, as resnet18 has no class token here"


@pytest.mark.parametrize(("arch", "tap"), [("vgg11", "features.19"), ("alexnet", "features.11")])
def test_the_own_pooling_of_a_classifier_is_what_its_last_layer_reads(arch, tap):
    """BiAM's scene feature of 4,096 numbers, beside the map of regions."""
    backbone = Backbone(3, arch=arch, taps=[tap], pooling="own", frozen=True)
    network = torchvision.models.get_model(arch, weights=None).eval()
    kept = backbone.body.state_dict()
    assert set(network.state_dict()) - set(kept) == {"classifier.6.weight", "classifier.6.bias"}
    network.load_state_dict(kept, strict=False)
    pictures = image(64)
    found = backbone(pictures)
    features = network.avgpool(network.features(pictures)).flatten(1)
    assert found.pooled.equal(network.classifier[:-1](features))
    assert found.pooled.shape == (2, 4096)
    assert found.last.equal(network.features[: int(tap.removeprefix("features.")) + 1](pictures))


@pytest.mark.parametrize("arch", ["resnet18", "conv64", "vit_b_32", "squeezenet1_1"])
def test_networks_without_a_pooling_of_their_own(arch):
    assert str(refused(arch=arch, pooling="own")).startswith("expected mean or class_token, got own")


# --- architectures ---------------------------------------------------------------------------------------------------


def test_unknown_architecture():
    error = refused(arch="resnet19")
    assert error.parameter == "arch"
    assert "resnet18" in str(error)


def test_small_stem():
    backbone = Backbone(3, arch="resnet18", taps=["layer1", "layer4"], stem="small")
    assert backbone.strides == [1, 8]
    assert [m.shape[-1] for m in backbone(image(32)).maps] == [32, 4]


def test_small_stem_is_for_resnets():
    assert refused(arch="conv64", stem="small").parameter == "stem"


def test_widths():
    maps, *_ = Backbone(3, arch="conv64", channels=[8, 16, 32], taps=["block1", "block2", "block3"])(image())
    assert [m.shape[1] for m in maps] == [8, 16, 32]
    assert refused(arch="resnet18", channels=[8]).parameter == "channels"


def test_pools():
    backbone = Backbone(3, arch="conv64", channels=[4, 8, 8], pools=1, taps=["block1", "block3"])
    assert backbone.strides == [2, 2]
    assert backbone(image()).last.shape[2:] == (32, 32)
    assert refused(arch="resnet12", pools=2).parameter == "pools"


@pytest.mark.parametrize("arch", ["resnet18", "mobilenet_v2", "conv64"])
@pytest.mark.parametrize("channels", [1, 4])
def test_images_of_other_channels(arch, channels):
    with on_meta():
        assert Backbone(channels, arch=arch)(image(channels=channels)).last.ndim == 4


# --- frozen ----------------------------------------------------------------------------------------------------------


def test_frozen():
    backbone = Backbone(3, arch="conv64", frozen=True).train()
    before = copy.deepcopy(backbone.state_dict())
    last = backbone(image()).last
    assert not last.requires_grad
    assert not any(p.requires_grad for p in backbone.parameters())
    assert not any(m.training for m in backbone.modules())
    assert all(value.equal(before[name]) for name, value in backbone.state_dict().items())


def test_not_frozen():
    backbone = Backbone(3, arch="conv64").eval().train()
    before = copy.deepcopy(backbone.state_dict())
    assert backbone(image()).last.requires_grad
    assert any(not value.equal(before[name]) for name, value in backbone.state_dict().items())
