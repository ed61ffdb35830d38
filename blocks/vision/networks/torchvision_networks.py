"""Torchvision's classifiers: convolutional networks, ViTs, Swins, MaxViT."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any
from urllib.error import URLError

import torch
import torchvision
from torch import Tensor, nn
from torchvision.models import ResNet, SwinTransformer, VisionTransformer
from torchvision.models.feature_extraction import get_graph_node_names

from compose.block import BlockError
from compose.blocks.vision.networks.first_convolution import replace_first_convolution
from compose.blocks.vision.networks.network import (
    Network,
    NetworkRequest,
    Positions,
    Reading,
    dry_run,
    refuse_head,
    refuse_odd_patches,
    strides_of,
)
from compose.blocks.vision.networks.token_map import channels_first, map_of_tokens
from compose.blocks.vision.networks.traced_taps import cut, find_taps

LAST_TOKENS = "encoder.ln"
"""The place of a ViT whose tokens its head reads."""

SWIN_MAP = "permute"
"""The place of a Swin whose map is ``b c h w``; at the others it is ``b h w c``."""


class TorchvisionNetworks:
    """Torchvision's classification architectures, by the names of its ``list_models``."""

    def names(self) -> list[str]:
        """The architectures that it has."""
        return list(torchvision.models.list_models(module=torchvision.models))

    def build(self, wanted: NetworkRequest) -> Network:
        """A network with random weights, without what lies behind its deepest tap.

        Raises:
            BlockError: it has no such places, or is not made for such images.
        """
        network = whole_network(wanted)
        own = _own_pooling(network, wanted)
        whole = frozenset(network.state_dict())
        if isinstance(network, VisionTransformer):
            return replace(_vision_transformer(network, wanted), whole=whole)
        places = tuple(find_taps(network, wanted.taps))
        read = TracedReader(places, own, channels_last=isinstance(network, SwinTransformer))
        body = cut(network, places if own is None else (*places, own))
        any_size = not _is_maxvit(wanted.name)
        shape = wanted.usual_shape if any_size else wanted.shape
        maps = dry_run(body, read, shape).maps
        strides = strides_of(maps, places, shape, any_size=any_size)
        return Network(body, read, places, strides, whole=whole)

    def weights(self, wanted: NetworkRequest, name: str) -> Callable[[], Mapping[str, Tensor]] | None:
        """How to get the weights that torchvision publishes under a name, ``imagenet`` for its first of ImageNet."""
        known = self.published(wanted.name)
        # The first weights are those that papers of their time compare with.
        name = next((first for first in known if name == "imagenet" and first.startswith("IMAGENET1K")), name)
        if name not in known:
            return None
        choices: Any = torchvision.models.get_model_weights(wanted.name)
        return partial(_download, choices[name])

    def published(self, name: str) -> list[str]:
        """The names of the weights that torchvision publishes of an architecture."""
        try:
            return sorted(weights.name for weights in torchvision.models.get_model_weights(name))
        except ValueError:
            return []


def _download(weights: Any) -> Mapping[str, Tensor]:
    try:
        state: Mapping[str, Tensor] = weights.get_state_dict(progress=True, check_hash=True)
    except (URLError, OSError, RuntimeError) as error:
        folder = Path(torch.hub.get_dir()) / "checkpoints"
        message = f"cannot download {weights.url} ({error}); put the file into {folder} or name it here"
        raise BlockError(message, parameter="weights") from None
    return state


def whole_network(wanted: NetworkRequest) -> nn.Module:
    """The whole network of an architecture, with its head.

    Raises:
        BlockError: it is not made for such images, or has no such stem.
    """
    network: nn.Module = torchvision.models.get_model(wanted.name, weights=None, **_options(wanted))
    if wanted.in_channels != 3:
        replace_first_convolution(network, wanted.in_channels)
    if wanted.small_stem:
        _shrink_stem(network, wanted)
    return network


def _options(wanted: NetworkRequest) -> dict[str, Any]:
    if wanted.name in ("googlenet", "inception_v3"):
        # Their own initialisation draws from scipy for half a minute, and auxiliary heads would be cut away.
        return {"aux_logits": False, "init_weights": False}
    if _is_maxvit(wanted.name):
        return {"input_size": (wanted.height, wanted.width)}
    if wanted.name.startswith("vit_"):
        if wanted.height != wanted.width:
            shown = f"{wanted.height} × {wanted.width}"
            raise BlockError(f"expected a square image for {wanted.name}, got {shown}", parameter="arch")
        patch = int(wanted.name.rpartition("_")[2])
        refuse_odd_patches(wanted, (patch, patch))
        return {"image_size": wanted.height}
    return {}


def _own_pooling(network: nn.Module, wanted: NetworkRequest) -> str | None:
    """The place that the last of several linear layers reads, where the network's own pooling is wanted.

    Raises:
        BlockError: its classifier has no hidden layer.
    """
    if not wanted.head:
        return None
    classifier = dict(network.named_children()).get("classifier", nn.Identity())
    if sum(isinstance(module, nn.Linear) for module in classifier.modules()) < 2:
        raise refuse_head(f"the classifier of {wanted.arch} has no hidden layer")
    places: list[str] = get_graph_node_names(network)[1]
    return places[-2]


def _is_maxvit(name: str) -> bool:
    return name.startswith("maxvit")


def _shrink_stem(network: nn.Module, wanted: NetworkRequest) -> None:
    if not isinstance(network, ResNet):
        raise BlockError(f"expected a ResNet for the small stem, got arch {wanted.name}", parameter="stem")
    channels = network.conv1.out_channels
    network.conv1 = nn.Conv2d(wanted.in_channels, channels, kernel_size=3, padding=1, bias=False)
    nn.init.kaiming_normal_(network.conv1.weight, mode="fan_out", nonlinearity="relu")
    network.maxpool = nn.Identity()


def _vision_transformer(network: VisionTransformer, wanted: NetworkRequest) -> Network:
    places = tuple(find_taps(network, wanted.taps or [LAST_TOKENS]))
    grid = (wanted.height // network.patch_size, wanted.width // network.patch_size)
    read = TokenReader(places, grid)
    body = cut(network, places)
    strides = strides_of(dry_run(body, read, wanted.shape).maps, places, wanted.shape, any_size=False)
    return Network(
        body, read, places, strides, has_class_token=True, positions=Positions("encoder.pos_embedding", grid)
    )


class TracedReader:
    """Reads a traced network that gives a map for each place.

    Args:
        places: the places, in the order of the taps.
        own: the place of what the network's own pooling gives, where that is wanted.
        channels_last: whether its maps are ``b h w c``, those of a Swin.
    """

    def __init__(self, places: tuple[str, ...], own: str | None = None, *, channels_last: bool = False) -> None:
        self.places, self.own, self.channels_last = places, own, channels_last

    def __call__(self, body: nn.Module, image: Tensor) -> Reading:
        """The maps at the places, and what its own pooling gives."""
        found = body(image)
        pooled = None if self.own is None else found[self.own]
        return Reading([self._map(place, found[place]) for place in self.places], pooled=pooled)

    def _map(self, place: str, found: Any) -> Any:
        turned = self.channels_last and place != SWIN_MAP and isinstance(found, Tensor) and found.ndim == 4
        return channels_first(found) if turned else found


class TokenReader:
    """Reads a traced ViT that gives tokens for each place, the class token first.

    Args:
        places: the places, in the order of the taps.
        grid: rows and columns of patches.
    """

    def __init__(self, places: tuple[str, ...], grid: tuple[int, int]) -> None:
        self.places, self.grid = places, grid

    def __call__(self, body: nn.Module, image: Tensor) -> Reading:
        """The maps of the places' tokens, and the last one's class token."""
        found = body(image)
        last = found[self.places[-1]]
        return Reading([self._map(found[place]) for place in self.places], last[:, 0] if _is_tokens(last) else None)

    def _map(self, found: Any) -> Any:
        return map_of_tokens(found, self.grid) if _is_tokens(found) else found


def _is_tokens(found: Any) -> bool:
    return isinstance(found, Tensor) and found.ndim == 3
