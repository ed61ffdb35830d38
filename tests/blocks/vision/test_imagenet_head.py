from __future__ import annotations

import pytest
import torch
import torchvision
from safetensors.torch import save_file

from compose.block import BlockError
from compose.blocks.vision.backbone import Backbone
from compose.blocks.vision.imagenet_head import ImageNetHead
from compose.model.meta import on_meta

CLASSES = torch.zeros(1000, dtype=torch.int64)


def refused(channels=512, classes=1000, **options):
    with on_meta(), pytest.raises(BlockError) as raised:
        ImageNetHead(channels, classes, **options)
    return raised.value


@pytest.mark.parametrize(
    ("arch", "channels"),
    [("resnet18", 512), ("squeezenet1_1", 512), ("mobilenet_v2", 1280), ("shufflenet_v2_x0_5", 1024)],
)
def test_backbone_and_head_are_the_whole_network(tmp_path, arch, channels):
    network = torchvision.models.get_model(arch, weights=None).eval()
    file = tmp_path / "weights.safetensors"
    save_file(network.state_dict(), file)
    backbone = Backbone(3, arch=arch, weights=file, frozen=True)
    head = ImageNetHead(channels, 1000, arch=arch, weights=file)
    image = torch.randn(2, 3, 64, 64)
    torch.testing.assert_close(head(backbone(image).last, CLASSES), network(image))
    assert not {*head.head.state_dict()} & {*backbone.body.state_dict()}


@pytest.mark.parametrize(
    ("arch", "channels"),
    [("vgg11", 512), ("densenet121", 1024), ("convnext_tiny", 768), ("swin_t", 768), ("googlenet", 1024)],
)
def test_heads_of_other_architectures(arch, channels):
    with on_meta():
        head = ImageNetHead(channels, 1000, arch=arch)
        assert head(torch.randn(2, channels, 7, 7), CLASSES).shape == (2, 1000)
    assert all(tensor.is_meta for tensor in head.state_dict().values())


def test_frozen_by_default():
    head = ImageNetHead(1280, 1000, arch="mobilenet_v2").train()  # which has a dropout
    maps = torch.randn(2, 1280, 2, 2)
    assert not any(parameter.requires_grad for parameter in head.parameters())
    assert head(maps, CLASSES).equal(head(maps, CLASSES))


def test_not_frozen():
    head = ImageNetHead(1280, 1000, arch="mobilenet_v2", frozen=False).train()
    maps = torch.randn(2, 1280, 2, 2)
    assert all(parameter.requires_grad for parameter in head.parameters())
    assert not head(maps, CLASSES).equal(head(maps, CLASSES))


def test_other_classes():
    error = refused(classes=48)
    assert str(error) == "expected 1000 external classes, as many as resnet18 scores, got 48"


def test_the_map_of_another_network():
    assert str(refused(channels=64)) == "expected a map of 512 channels, as resnet18 ends in, got 64"


@pytest.mark.parametrize(
    ("arch", "message"),
    [
        ("conv64", "torchvision, which has a head, got conv64"),
        ("vit_b_32", "takes a map, got vit_b_32, whose head takes the class token"),
        ("timm/resnet18", "torchvision, which has a head, got timm/resnet18"),
    ],
)
def test_architectures_without_a_head_behind_a_map(arch, message):
    error = refused(arch=arch)
    assert message in str(error)
    assert error.parameter == "arch"


def test_unknown_architecture():
    assert refused(arch="resnet19").parameter == "arch"


def test_missing_file(tmp_path):
    error = refused(weights=tmp_path / "none.pth")
    assert error.parameter == "weights"
    assert "not there" in str(error)
