"""Which network a name means, and what is said of a name that means none."""

from __future__ import annotations

import pytest

from compose.block import BlockError
from compose.blocks.vision.backbone import Backbone
from compose.blocks.vision.networks import libraries
from compose.model.meta import on_meta


def refused(arch, size=64, **options):
    with on_meta(), pytest.raises(BlockError) as raised:
        Backbone(3, size, size, arch=arch, **options)
    return raised.value


@pytest.mark.parametrize(
    ("arch", "nearest"),
    [
        ("resnet19", "resnet18"),
        ("conv_64", "conv64"),
        ("timm/resnet19", "timm/resnet18"),
        ("timm/vit_tiny_patch16", "timm/vit_tiny_patch16_224"),
        ("open_clip/ViT-B-33", "open_clip/ViT-B-32"),
        ("vit_tiny_patch16_224", "timm/vit_tiny_patch16_224"),
        ("ViT-B-32", "open_clip/ViT-B-32"),
    ],
)
def test_unknown_name(arch, nearest):
    error = refused(arch)
    assert error.parameter == "arch"
    assert str(error).endswith(f", got {arch}")
    assert nearest in str(error).removesuffix(f"got {arch}").replace(",", "").split()


def test_unknown_name_is_like_others_of_its_library_only():
    assert str(refused("timm/resnet19")).count("timm/") == 6


def test_unknown_library():
    error = refused("tim/resnet18")
    assert error.parameter == "arch"
    assert str(error) == "expected timm/NAME or open_clip/NAME, or a name of torchvision's, got tim/resnet18"


@pytest.mark.parametrize("arch", ["timm/resnet18", "open_clip/ViT-B-32"])
def test_package_that_is_not_installed(monkeypatch, arch):
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    name = arch.partition("/")[0]
    error = refused(arch)
    assert error.parameter == "arch"
    assert str(error) == (
        f"{arch} needs the package {name}, which is not installed: pip install 'torchcompose[{name}]'"
    )


def test_unknown_name_without_the_other_packages(monkeypatch):
    monkeypatch.setattr(libraries, "find_spec", lambda name: None)
    assert "timm/" not in str(refused("vit_tiny_patch16_224"))


@pytest.mark.parametrize("arch", ["timm/resnet18", "open_clip/RN50", "conv64", "vgg11"])
def test_small_stem_is_for_resnets_of_torchvision(arch):
    error = refused(arch, stem="small")
    assert error.parameter == "stem"
    assert "expected a ResNet" in str(error)


@pytest.mark.parametrize(("option", "value"), [("channels", [8]), ("pools", 1)])
@pytest.mark.parametrize("arch", ["resnet18", "timm/resnet18", "open_clip/RN50"])
def test_widths_are_for_few_shot_networks(arch, option, value):
    error = refused(arch, **{option: value})
    assert error.parameter == option
    assert f"got arch {arch}" in str(error)


def test_own_pooling_reads_the_last_features():
    error = refused("timm/resnet18", taps=["layer2"], pooling="own")
    assert error.parameter == "taps"


@pytest.mark.parametrize(
    ("arch", "size", "message"),
    [
        ("maxvit_t", 100, "maxvit_t cannot be made for images of 100 × 100 pixels: Input size (25, 25) of "),
        ("timm/efficientformer_l1", 96, "timm/efficientformer_l1 cannot be made for images of 96 × 96 pixels"),
    ],
)
def test_images_of_a_wrong_size(arch, size, message):
    with pytest.raises(BlockError) as raised:  # with weights: without, another way of making it is tried first
        Backbone(3, size, size, arch=arch)
    said = str(raised.value)
    assert said == message if arch.startswith("timm/") else said.startswith(message)  # torch's own words tell nothing


@pytest.mark.parametrize(
    ("arch", "patch"), [("vit_b_16", 16), ("timm/vit_tiny_patch16_224", 16), ("open_clip/ViT-B-32", 32)]
)
def test_images_that_do_not_divide_into_patches(arch, patch):
    error = refused(arch, size=72)
    assert error.parameter == "arch"
    assert f"whose patches are {patch} × {patch}, got 72 × 72" in str(error)


def test_images_that_are_not_square():
    with on_meta(), pytest.raises(BlockError, match="expected a square image for vit_b_16, got 32 × 64"):
        Backbone(3, 32, 64, arch="vit_b_16")
    with on_meta(), pytest.raises(BlockError, match="expected a square image for open_clip/RN50, got 32 × 64"):
        Backbone(3, 32, 64, arch="open_clip/RN50")
