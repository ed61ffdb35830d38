"""Image networks by name: torchvision's classifiers, Conv-64 and ResNet-12."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import Any, Literal

import torchvision
from torch import nn
from torchvision.models import ResNet

from compose.block import BlockError
from compose.blocks.vision.conv64 import Conv64
from compose.blocks.vision.resnet12 import ResNet12

FEW_SHOT: dict[str, Callable[..., nn.Module]] = {"conv64": Conv64, "resnet12": ResNet12}
"""Networks that torchvision does not have; their widths may be chosen."""


def build_architecture(
    arch: str,
    *,
    in_channels: int,
    stem: Literal["imagenet", "small"] = "imagenet",
    channels: Sequence[int] | None = None,
    pools: int | None = None,
) -> nn.Module:
    """The whole network of an architecture, with random weights, for images of so many channels.

    Raises:
        BlockError: there is no such architecture, or it has no such stem or widths.
    """
    if pools is not None and arch != "conv64":
        raise BlockError(f"expected a number of pools only for conv64, got arch {arch}", parameter="pools")
    if arch in FEW_SHOT:
        given = {"channels": channels, "pools": pools}
        network = FEW_SHOT[arch](in_channels, **{key: value for key, value in given.items() if value is not None})
    else:
        network = _torchvision(arch, in_channels)
        if channels is not None:
            raise BlockError(f"expected widths only for {' or '.join(FEW_SHOT)}, got arch {arch}", parameter="channels")
    if stem == "small":
        _shrink_stem(network, arch, in_channels)
    return network


def _torchvision(arch: str, in_channels: int) -> nn.Module:
    names = torchvision.models.list_models(module=torchvision.models)
    if arch not in names:
        known = [*FEW_SHOT, *names]
        nearest = difflib.get_close_matches(arch, known, n=3) or known
        raise BlockError(f"expected an architecture such as {', '.join(nearest)}, got {arch}", parameter="arch")
    network = torchvision.models.get_model(arch, weights=None, **_options(arch))
    if in_channels != 3:
        _replace_first_convolution(network, in_channels)
    return network


def _options(arch: str) -> dict[str, Any]:
    # Their own initialisation draws from scipy for half a minute, and auxiliary heads would be cut away.
    return {"aux_logits": False, "init_weights": False} if arch in ("googlenet", "inception_v3") else {}


def _replace_first_convolution(network: nn.Module, in_channels: int) -> None:
    name, old = next((name, m) for name, m in network.named_modules() if isinstance(m, nn.Conv2d))
    parent, _, child = name.rpartition(".")
    setattr(network.get_submodule(parent), child, _like(old, in_channels=in_channels))


def _like(convolution: nn.Conv2d, **changes: Any) -> nn.Conv2d:
    names = ("in_channels", "out_channels", "kernel_size", "stride", "padding", "dilation", "groups")
    options = {name: getattr(convolution, name) for name in names}
    return nn.Conv2d(**{**options, **changes}, bias=convolution.bias is not None)


def _shrink_stem(network: nn.Module, arch: str, in_channels: int) -> None:
    if not isinstance(network, ResNet):
        raise BlockError(f"expected a ResNet for the small stem, got arch {arch}", parameter="stem")
    network.conv1 = nn.Conv2d(in_channels, network.conv1.out_channels, kernel_size=3, padding=1, bias=False)
    nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    network.maxpool = nn.Identity()
