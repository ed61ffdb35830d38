"""The networks of the package timm."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Literal

from torch import Tensor, nn

from compose.block import BlockError
from compose.blocks.vision.networks.network import (
    Network,
    NetworkRequest,
    Positions,
    Reading,
    drop_uncalled,
    dry_run,
    dry_run_and_calls,
    nearest,
    refuse_head,
    refuse_odd_patches,
    refuse_tap,
    refuse_taps_and_head,
    strides_of,
)
from compose.blocks.vision.networks.token_map import channels_first, map_of_tokens

FEATURES = "forward_features"
"""What the place is called that a network's own head reads."""

Layout = Literal["map", "channels last", "tokens"]
Head = Callable[[Any, Tensor], Tensor]


class TimmNetworks:
    """The architectures of ``timm.list_models``; a name may be followed by the tag of published weights."""

    def names(self) -> list[str]:
        """The architectures that it has."""
        import timm

        return list(timm.list_models())

    def build(self, wanted: NetworkRequest) -> Network:
        """A network with random weights, without what lies behind its deepest tap.

        Raises:
            BlockError: it has no such weights or places, or is not made for such images.
        """
        name, _, tag = wanted.name.partition(".")
        if tag and tag not in self.published(name):
            message = f"expected weights of {name} such as {nearest(tag, self.published(name))}, got {tag}"
            raise BlockError(message, parameter="arch")
        refuse_taps_and_head(wanted)
        network = _create(wanted)
        whole = frozenset(network.state_dict())
        return replace(timm_network(network, wanted, head=_pre_logits), whole=whole)

    def weights(self, wanted: NetworkRequest, name: str) -> Callable[[], Mapping[str, Tensor]] | None:
        """How to get the weights that timm publishes under a tag; ``imagenet`` are its first choice on ImageNet-1k."""

        base, _, own = wanted.name.partition(".")
        tags = self.published(base)
        first = [tag for tag in (own or _config(base).tag, *tags) if tag and "in1k" in tag]
        tag = next(iter(first), name) if name == "imagenet" else name
        return partial(_download, wanted, f"{base}.{tag}") if tag in tags else None

    def published(self, name: str) -> list[str]:
        """The tags of the weights that timm publishes of an architecture."""
        import timm

        base = name.partition(".")[0]
        return [full.partition(".")[2] for full in timm.list_pretrained(f"{base}.*")]


def _config(name: str) -> Any:
    """What timm knows of an architecture, and of the weights of a tag."""
    import timm

    return timm.get_pretrained_cfg(name)


def _create(wanted: NetworkRequest, name: str = "", **options: Any) -> nn.Module:
    """A whole network, for images of the wanted size where it depends on one."""
    import timm

    create = partial(timm.create_model, name or wanted.name, in_chans=wanted.in_channels, **options)
    config = _config(wanted.name)
    if not config.fixed_input_size or config.input_size[1:] == (wanted.height, wanted.width):
        return create()
    try:
        network = create(img_size=(wanted.height, wanted.width))
    except TypeError:
        raise _refuse_size(wanted, config.input_size) from None
    if patch := _patch_size(network):
        refuse_odd_patches(wanted, patch)
    return network


def _refuse_size(wanted: NetworkRequest, only: Sequence[int]) -> BlockError:
    got = f"{wanted.height} × {wanted.width}"
    return BlockError(f"expected images of {only[1]} × {only[2]} for {wanted.arch}, got {got}", parameter="arch")


def _download(wanted: NetworkRequest, name: str) -> Mapping[str, Tensor]:
    """timm itself fits weights to images of another size and other channels."""
    state: Mapping[str, Tensor] = _create(wanted, name, pretrained=True).state_dict()
    return state


def _pre_logits(network: Any, features: Tensor) -> Tensor:
    pooled: Tensor = network.forward_head(features, pre_logits=True)
    return pooled


# --- reading ---------------------------------------------------------------------------------------------------------


def timm_network(network: Any, wanted: NetworkRequest, *, head: Head) -> Network:
    """A timm network as a backbone takes it, without what lies behind its deepest tap.

    Args:
        network: the network.
        wanted: what the spec asks for.
        head: what makes a vector of its features where the network's own pooling is wanted.

    Raises:
        BlockError: it has no such places.
    """
    any_size = not network.pretrained_cfg.get("fixed_input_size", False)
    usual = (1, wanted.in_channels, *network.pretrained_cfg["input_size"][1:])
    shape = usual if any_size else wanted.shape
    names = [info["module"] for info in network.feature_info]
    read: FeaturesReader | IntermediatesReader | None = None
    places: tuple[str, ...] = (FEATURES,)
    if wanted.taps is None:
        read = _features(network, shape, head if wanted.head else None)
    if read is None:
        if wanted.head:
            raise refuse_head(f"{wanted.arch} does not pool a map")
        places = tuple(wanted.taps or names[-1:])
        read = _intermediates(network, places, names)
    found, called = dry_run_and_calls(network, read, shape)
    drop_uncalled(network, called)
    return Network(
        body=network,
        read=read,
        places=places,
        strides=strides_of(found.maps, places, shape, any_size=any_size),
        has_class_token=read.class_token,
        positions=_positions(network, wanted),
    )


class FeaturesReader:
    """Reads what a network's own head reads.

    Args:
        layout: what its features are.
        grid: rows and columns of places, for tokens.
        class_token: whether the first token is one.
        head: the network's own pooling, where it is wanted.
    """

    def __init__(self, layout: Layout, grid: tuple[int, int], *, class_token: bool, head: Head | None) -> None:
        self.layout, self.grid, self.class_token, self.head = layout, grid, class_token, head

    def __call__(self, body: Any, image: Tensor) -> Reading:
        """The map of the features."""
        features = body.forward_features(image)
        pooled = self.head(body, features) if self.head else None
        if self.layout == "tokens":
            found = map_of_tokens(features, self.grid)
        else:
            found = channels_first(features) if self.layout == "channels last" else features
        return Reading([found], features[:, 0] if self.class_token else None, pooled)


class IntermediatesReader:
    """Reads maps between a network's stages or blocks.

    Args:
        indices: of the places, in timm's order.
        order: for each tap, which of them it is.
        class_token: whether there is a class token beside each map.
    """

    def __init__(self, indices: list[int], order: list[int], *, class_token: bool) -> None:
        self.indices, self.order, self.class_token = indices, order, class_token

    def __call__(self, body: Any, image: Tensor) -> Reading:
        """The maps at the places, and the class token at the last tap's."""
        options = {"return_prefix_tokens": True} if self.class_token else {}
        found = body.forward_intermediates(image, indices=self.indices, intermediates_only=True, **options)
        taken = [found[place] for place in self.order]
        if not self.class_token:
            return Reading(taken)
        return Reading([maps for maps, _ in taken], taken[-1][1][:, 0])


def _features(network: Any, shape: Sequence[int], head: Head | None) -> FeaturesReader | None:
    """How the features of a network are read; None where they are neither a map nor its tokens."""
    features = dry_run(network, _forward_features, shape)
    if not isinstance(features, Tensor):
        return None
    stride = network.feature_info[-1]["reduction"]
    grid = (math.ceil(shape[2] / stride), math.ceil(shape[3] / stride))
    prefix = features.shape[1] - grid[0] * grid[1]
    if features.ndim == 3 and prefix >= 0:
        return FeaturesReader("tokens", grid, class_token=prefix > 0 and _has_class_token(network), head=head)
    if features.ndim != 4:
        return None
    turned = features.shape[1:3] == grid and features.shape[2:] != grid
    return FeaturesReader("channels last" if turned else "map", grid, class_token=False, head=head)


def _forward_features(network: Any, image: Tensor) -> Any:
    return network.forward_features(image)


def _intermediates(network: Any, taps: Sequence[str], names: Sequence[str]) -> IntermediatesReader:
    for tap in taps:
        if tap not in names:
            raise refuse_tap(tap, names)
    indices = sorted({names.index(tap) for tap in taps})
    order = [indices.index(names.index(tap)) for tap in taps]
    options = inspect.signature(network.forward_intermediates).parameters
    kept = network.prune_intermediate_layers(indices, prune_norm=True, prune_head=True)
    told = "return_prefix_tokens" in options and _has_class_token(network)
    return IntermediatesReader(kept, order, class_token=told)


def _has_class_token(network: nn.Module) -> bool:
    """Registers are prefix tokens too, but say nothing of the image by themselves."""
    return "cls_token" in dict(network.named_parameters(recurse=False))


def _positions(network: nn.Module, wanted: NetworkRequest) -> Positions | None:
    patch = _patch_size(network)
    if patch is None or "pos_embed" not in dict(network.named_parameters(recurse=False)):
        return None
    return Positions("pos_embed", (wanted.height // patch[0], wanted.width // patch[1]))


def _patch_size(network: nn.Module) -> tuple[int, int] | None:
    """Height and width of a transformer's patches; None in a network that does not begin with them."""
    from timm.layers.patch_embed import PatchEmbed

    patches = dict(network.named_children()).get("patch_embed")
    return patches.patch_size if isinstance(patches, PatchEmbed) else None
