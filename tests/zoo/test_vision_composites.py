"""ResNet's blocks, pyramids and squeeze-and-excitation compute what torchvision's do; CBAM what its equations say."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn
from torchvision.models.resnet import BasicBlock, Bottleneck
from torchvision.ops import FeaturePyramidNetwork, SqueezeExcitation

from .composite_model import CHANNELS, CompositeModel, assert_same

MAPS = torch.randn(3, CHANNELS, 16, 16).double()
NORM = {"eps": 1e-3, "momentum": 0.3}


def _norm(channels: int) -> nn.BatchNorm2d:
    return nn.BatchNorm2d(channels, **NORM)


def _projection(channels: int, stride: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(CHANNELS, channels, 1, stride, bias=False), _norm(channels))


def _layers(path: str, convolution: nn.Module, norm: nn.Module) -> dict[str, nn.Module]:
    return {f"{path}.layers.0": convolution, f"{path}.layers.1": norm}


@pytest.mark.parametrize("projected", [False, True])
def test_basic_block(projected: bool) -> None:
    channels, stride = (12, 2) if projected else (CHANNELS, 1)
    down = _projection(channels, stride) if projected else None
    block = BasicBlock(CHANNELS, channels, stride, down, norm_layer=_norm).double()
    modules = {**_layers("first", block.conv1, block.bn1), **_layers("second", block.conv2, block.bn2)}
    name = "resnet_basic"
    if down is not None:
        name, modules = "resnet_basic_projected", {**modules, **_layers("projected", down[0], down[1])}
    node = f"{{use: {name}, in: start, channels: {channels}, eps: 1e-3, momentum: 0.3}}"
    assert_same(CompositeModel(node, "start"), block, modules, [MAPS], ["active"])


@pytest.mark.parametrize("projected", [False, True])
def test_bottleneck(projected: bool) -> None:
    width, stride = 4, 2 if projected else 1
    channels = 4 * width if projected else CHANNELS
    down = _projection(channels, stride) if projected else None
    block = Bottleneck(CHANNELS, width, stride, down, groups=2, base_width=32, norm_layer=_norm)
    if not projected:  # torchvision's gives four times as many channels as it is wide
        block.conv3, block.bn3 = nn.Conv2d(width, channels, 1, bias=False), _norm(channels)
    modules = {
        **_layers("first", block.double().conv1, block.bn1),
        **_layers("second", block.conv2, block.bn2),
        **_layers("third", block.conv3, block.bn3),
    }
    name = "resnet_bottleneck"
    if down is not None:
        name, modules = "resnet_bottleneck_projected", {**modules, **_layers("projected", down[0], down[1])}
    node = f"{{use: {name}, in: start, channels: {channels}, width: {width}, groups: 2, eps: 1e-3, momentum: 0.3}}"
    assert_same(CompositeModel(node, "start"), block, modules, [MAPS], ["active"])


def test_a_stage_of_blocks() -> None:
    stage = nn.Sequential(*(BasicBlock(CHANNELS, CHANNELS) for _ in range(3))).double()
    modules = {
        path: module
        for index, block in enumerate(stage)
        for part, convolution, norm in (("first", block.conv1, block.bn1), ("second", block.conv2, block.bn2))
        for path, module in _layers(f"{index}.{part}", convolution, norm).items()
    }
    node = f"{{use: resnet_basic, in: start, channels: {CHANNELS}, repeat: 3, carry: [maps]}}"
    assert_same(CompositeModel(node, "start"), stage, modules, [MAPS], ["2.active"])


class _Pyramid(nn.Module):
    """torchvision's pyramid on a list of maps."""

    def __init__(self, levels: int) -> None:
        super().__init__()
        self.pyramid = FeaturePyramidNetwork([CHANNELS] * levels, 6)

    def forward(self, *maps: Tensor) -> list[Tensor]:
        found: dict[str, Tensor] = self.pyramid({str(index): level for index, level in enumerate(maps)})
        return list(found.values())


@pytest.mark.parametrize("levels", [3, 4])
def test_feature_pyramid(levels: int) -> None:
    """Of maps of odd sizes, too."""
    reference, last = _Pyramid(levels).double(), levels - 1
    modules: dict[str, nn.Module] = {}
    for index, (inner, layer) in enumerate(
        zip(reference.pyramid.inner_blocks, reference.pyramid.layer_blocks, strict=True)
    ):
        modules[f"lateral{index}.layers.0" if index == last else f"step{index}.lateral.layers.0"] = inner[0]
        modules[f"smooth{index}.layers.0"] = layer[0]
    sources = ["start", "coarse", "coarsest", "single"][:levels]
    node = f"{{use: {'fpn' if levels == 3 else 'fpn4'}, in: [{', '.join(sources)}], channels: 6}}"
    maps = [torch.randn(3, CHANNELS, size, size).double() for size in (16, 8, 3, 1)[:levels]]
    larger = [f"larger{index}" for index in range(1, levels)]
    lines = [f"  {name}: {{use: resize, in: [tested.maps.{name[-1]}, start]}}\n" for name in larger]
    lines.append(f"  all: {{use: add, in: [tested.maps.0, {', '.join(larger)}]}}\n")
    tested = CompositeModel(node, *sources, output="all", more="".join(lines))
    assert_same(tested, reference, modules, maps, [f"smooth{index}" for index in range(levels)])


class _HardSigmoid(nn.Module):
    """torch's multiplies by a sixth in single precision."""

    def forward(self, x: Tensor) -> Tensor:
        return (x / 6 + 0.5).clamp(0, 1)


@pytest.mark.parametrize(("activation", "gate"), [("relu", "sigmoid"), ("silu", "hardsigmoid")])
def test_squeeze_and_excitation(activation: str, gate: str) -> None:
    layers = {"relu": nn.ReLU, "silu": nn.SiLU, "sigmoid": nn.Sigmoid, "hardsigmoid": _HardSigmoid}
    block = SqueezeExcitation(CHANNELS, 4, activation=layers[activation], scale_activation=layers[gate]).double()
    node = f"{{use: squeeze_excitation, in: start, hidden: 4, activation: {activation}, gate: {gate}}}"
    modules = {"squeezed.layer": block.fc1, "excited.layer": block.fc2}
    assert_same(CompositeModel(node, "start"), block, modules, [MAPS], ["gated"])


class _Cbam(nn.Module):
    """Eq. 1-3 of the paper, written out."""

    def __init__(self, *, norm: bool) -> None:
        super().__init__()
        self.w0, self.w1 = nn.Linear(CHANNELS, 4), nn.Linear(4, CHANNELS)
        self.f = nn.Conv2d(2, 1, 5, padding=2, bias=not norm)
        self.norm = nn.BatchNorm2d(1, momentum=0.01) if norm else nn.Identity()

    def forward(self, maps: Tensor) -> tuple[Tensor, Tensor]:
        b, c, h, w = maps.shape
        columns = maps.view(b, c, h * w)
        mlp_mean = self.w1(self.w0(columns.mean(2)).relu())
        mlp_max = self.w1(self.w0(columns.max(2).values).relu())
        refined = maps * (mlp_mean + mlp_max).sigmoid().view(b, c, 1, 1)
        pooled = torch.stack([refined.mean(1), refined.max(1).values], dim=1)
        weights = self.norm(self.f(pooled)).sigmoid()
        return refined * weights, weights


@pytest.mark.parametrize("norm", [False, True])
def test_cbam(norm: bool) -> None:
    reference = _Cbam(norm=norm).double()
    node = "{use: cbam, in: start, hidden: 4, kernel: 5, norm: %s, momentum: 0.01}" % ("batch" if norm else "none")
    modules = {"squeezed.layer": reference.w0, "excited.layer": reference.w1, "place_logits.layers.0": reference.f}
    modules |= {"place_logits.layers.1": reference.norm} if norm else {}
    assert_same(CompositeModel(node, "start"), reference, modules, [MAPS], ["gated", "attention"])
