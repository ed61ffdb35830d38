"""Networks by the name that a spec gives: ``resnet18``, ``conv64``, ``timm/resnet18``, ``open_clip/RN50``."""

from __future__ import annotations

from dataclasses import replace
from importlib.util import find_spec

from torch import nn

from compose.block import BlockError, is_abstract
from compose.blocks.vision.networks.few_shot_networks import FewShotNetworks
from compose.blocks.vision.networks.network import Library, Network, NetworkRequest, nearest

LARGEST = 2**31 - 1
"""Channels that no layer has."""
EXTRAS = ("timm", "open_clip")
"""The libraries whose name stands before a slash: packages, and extras of this project's."""


def build_network(wanted: NetworkRequest) -> tuple[Network, Library, NetworkRequest]:
    """A network with random weights, the library that it is from, and what was asked of that library.

    Args:
        wanted: what a spec asks for; its name is ``LIBRARY/NAME``, or a name of torchvision's or of few-shot learning.

    Raises:
        BlockError: there is no such network, or none of that kind.
    """
    library, found = find_library(wanted)
    try:
        return library.build(found), library, found
    except BlockError:
        raise
    except Exception as error:  # whatever the library's constructors raise
        if is_abstract(nn.Linear(1, 1)) or max(wanted.channels or (0,)) > LARGEST:
            raise  # it may be for the lack of values, or for the channels
        said = f": {str(error).partition(chr(10))[0]}" if isinstance(error, ValueError) else ""  # no words of torch's
        message = f"{wanted.arch} cannot be made for images of {wanted.height} × {wanted.width} pixels{said}"
        raise BlockError(message, parameter="arch", expected="images of another size, or another network") from error


def find_library(wanted: NetworkRequest) -> tuple[Library, NetworkRequest]:
    """The library that has a network, and what is asked of it, with the name that the network has there.

    Raises:
        BlockError: there is no such library or network, or what is asked for is not to be had of it.
    """
    arch = wanted.name
    prefix, slash, rest = arch.partition("/")
    few_shot = FewShotNetworks()
    if arch in few_shot.names():
        library: Library = few_shot
    elif slash:
        library = _extra(prefix, rest)
    else:
        library = _torchvision()
    name = rest if slash else arch
    if (name.partition(".")[0] if slash else name) not in library.names():
        raise _unknown(arch, prefix + slash if slash else "", library, few_shot)
    if wanted.channels is not None and library is not few_shot:
        names = " or ".join(few_shot.names())
        raise BlockError(f"expected widths only for {names}, got arch {arch}", parameter="channels")
    if wanted.pools is not None and arch != "conv64":
        raise BlockError(f"expected a number of pools only for conv64, got arch {arch}", parameter="pools")
    if wanted.layers and library is not few_shot:
        given, names = next(iter(wanted.layers)), " or ".join(few_shot.names())
        raise BlockError(f"expected an {given} only for {names}, got arch {arch}", parameter=given)
    if "order" in wanted.layers and arch != "conv64":
        raise BlockError(f"expected an order of layers only for conv64, got arch {arch}", parameter="order")
    if wanted.small_stem and (slash or library is few_shot):
        raise BlockError(f"expected a ResNet of torchvision for the small stem, got arch {arch}", parameter="stem")

    return library, replace(wanted, name=name, library=prefix if slash else "")


def _torchvision() -> Library:
    from compose.blocks.vision.networks.torchvision_networks import TorchvisionNetworks

    return TorchvisionNetworks()


def _extra(prefix: str, rest: str) -> Library:
    if prefix not in EXTRAS:
        message = f"expected {' or '.join(f'{name}/NAME' for name in EXTRAS)}, or a name of torchvision's"
        raise BlockError(f"{message}, got {prefix}/{rest}", parameter="arch")
    if find_spec(prefix) is None:
        message = f"{prefix}/{rest} needs the package {prefix}, which is not installed"
        raise BlockError(f"{message}: pip install 'torchcompose[{prefix}]'", parameter="arch")
    if prefix == "timm":
        from compose.blocks.vision.networks.timm_networks import TimmNetworks

        return TimmNetworks()
    from compose.blocks.vision.networks.open_clip_networks import OpenClipNetworks

    return OpenClipNetworks()


def _unknown(arch: str, prefix: str, library: Library, few_shot: Library) -> BlockError:
    known = [prefix + name for name in library.names()]
    if not prefix:
        known = [*few_shot.names(), *known, *_same_elsewhere(arch)]
    return BlockError(f"expected an architecture such as {nearest(arch, known)}, got {arch}", parameter="arch")


def _same_elsewhere(arch: str) -> list[str]:
    """Networks of the other libraries that bear the very name, or end in it."""
    return [
        f"{extra}/{name}"
        for extra in EXTRAS
        if find_spec(extra)
        for name in _extra(extra, arch).names()
        if name == arch.partition(".")[0]
    ]
