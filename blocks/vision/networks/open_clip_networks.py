"""The image towers of the package open_clip."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from torch import Tensor, nn

from compose.block import BlockError
from compose.blocks.vision.networks.first_convolution import replace_first_convolution
from compose.blocks.vision.networks.network import (
    Network,
    NetworkRequest,
    Positions,
    Reader,
    Reading,
    drop_uncalled,
    dry_run_and_calls,
    refuse_odd_patches,
    refuse_tap,
    refuse_taps_and_head,
    strides_of,
)
from compose.blocks.vision.networks.timm_networks import timm_network


class OpenClipNetworks:
    """The image towers of the models of ``open_clip.list_models``."""

    def names(self) -> list[str]:
        """The models that it has."""
        import open_clip

        return list(open_clip.list_models())

    def build(self, wanted: NetworkRequest) -> Network:
        """An image tower with random weights, without what lies behind its deepest tap.

        Raises:
            BlockError: it has no such places, or is not made for such images.
        """
        refuse_taps_and_head(wanted)
        tower = _tower(wanted)
        if wanted.in_channels != 3:
            replace_first_convolution(tower, wanted.in_channels)
        whole = frozenset(tower.state_dict())
        return replace(TOWERS[type(tower).__name__](tower, wanted), whole=whole)

    def weights(self, wanted: NetworkRequest, name: str) -> Callable[[], Mapping[str, Tensor]] | None:
        """How to get the weights that open_clip publishes under a tag.

        Raises:
            BlockError: they were trained with another activation.
        """
        import open_clip

        if name not in self.published(wanted.name):
            return None
        config = _config(wanted.name)
        quick = open_clip.get_pretrained_cfg(wanted.name, name).get("quick_gelu", False)
        if quick != config.get("quick_gelu", False) and _has_activation(config["vision_cfg"]):
            other = f"{wanted.name}-quickgelu" if quick else wanted.name.removesuffix("-quickgelu")
            message = f"the weights {name} go with another activation: expected open_clip/{other}"
            raise BlockError(f"{message}, got {wanted.arch}", parameter="arch")
        return partial(_download, wanted, name)

    def published(self, name: str) -> list[str]:
        """The tags of the weights that open_clip publishes of a model."""
        import open_clip

        return list(open_clip.list_pretrained_tags_by_model(name))


def _config(name: str) -> dict[str, Any]:
    import open_clip

    config: dict[str, Any] = open_clip.get_model_config(name)
    return config


def _has_activation(vision: Mapping[str, Any]) -> bool:
    """Whether the tower is one of open_clip's own transformers, which alone follow ``quick_gelu``."""
    return not vision.get("timm_model_name") and not isinstance(vision["layers"], list)


def _image_size(wanted: NetworkRequest) -> int | tuple[int, int]:
    return wanted.height if wanted.height == wanted.width else (wanted.height, wanted.width)


def _tower(wanted: NetworkRequest) -> Any:
    """The tower alone: with the text's the model would be twice as large."""
    from open_clip.model import _build_vision_tower

    config = _config(wanted.name)
    vision = {**config["vision_cfg"], "image_size": _image_size(wanted), "timm_model_pretrained": False}
    if isinstance(vision.get("layers"), list) and wanted.height != wanted.width:
        got = f"{wanted.height} × {wanted.width}"
        raise BlockError(f"expected a square image for {wanted.arch}, got {got}", parameter="arch")
    quick = config.get("quick_gelu", False)
    return _build_vision_tower(config["embed_dim"], vision, quick_gelu=quick)


def _download(wanted: NetworkRequest, tag: str) -> Mapping[str, Tensor]:
    """open_clip itself fits weights to images of another size."""
    import open_clip

    model = open_clip.create_model(wanted.name, pretrained=tag, force_image_size=_image_size(wanted))
    state: Mapping[str, Tensor] = model.visual.state_dict()
    return state


# --- reading ---------------------------------------------------------------------------------------------------------


class TowerReader:
    """Reads maps between a tower's blocks, and what its own pooling gives.

    Args:
        indices: of the places, in the tower's order.
        order: for each tap, which of them it is.
        norm: whether the tower's last layer norm is applied to the map, as before its own pooling.
        head: whether its own pooling is wanted.
    """

    def __init__(self, indices: list[int], order: list[int], *, norm: bool, head: bool) -> None:
        self.indices, self.order = indices, order
        self.options = {"normalize_intermediates": norm, "intermediates_only": not head}

    def __call__(self, body: Any, image: Tensor) -> Reading:
        """The maps at the places, and the class token at the last tap's."""
        found = body.forward_intermediates(image, indices=self.indices, output_extra_tokens=True, **self.options)
        maps = [found["image_intermediates"][place] for place in self.order]
        prefix = found.get("image_intermediates_prefix")
        token = prefix[self.order[-1]][:, 0] if prefix else None
        return Reading(maps, token, found.get("image_features"))


class TrunkReader:
    """Reads a tower whose trunk is a network of timm.

    Args:
        read: how the trunk is read; its pooled vector is what the tower projects.
    """

    def __init__(self, read: Reader) -> None:
        self.read = read

    def __call__(self, body: Any, image: Tensor) -> Reading:
        """The trunk's maps, and the tower's projection of its pooled vector."""
        found = self.read(body.trunk, image)
        return found._replace(pooled=None if found.pooled is None else body.head(found.pooled))


def _vision_transformer(tower: Any, wanted: NetworkRequest) -> Network:
    refuse_odd_patches(wanted, tower.patch_size)
    names = [f"transformer.resblocks.{index}" for index in range(len(tower.transformer.resblocks))]
    # Some towers normalise only what they have pooled.
    norm = wanted.taps is None and tower.attn_pool is None and not tower.final_ln_after_pool
    places, read = _places(wanted, names, norm=norm)
    tower.transformer.prune_intermediate_layers(read.indices)
    if not wanted.head:
        tower.proj = None
    grid = (wanted.height // tower.patch_size[0], wanted.width // tower.patch_size[1])
    positions = Positions("positional_embedding", grid)
    return replace(_cut(tower, wanted, places, read), has_class_token=True, positions=positions)


def _resnet(tower: nn.Module, wanted: NetworkRequest) -> Network:
    places, read = _places(wanted, ["stem", "layer1", "layer2", "layer3", "layer4"], norm=False)
    return _cut(tower, wanted, places, read)


def _places(wanted: NetworkRequest, names: Sequence[str], *, norm: bool) -> tuple[tuple[str, ...], TowerReader]:
    places = tuple(wanted.taps or names[-1:])
    for tap in places:
        if tap not in names:
            raise refuse_tap(tap, names)
    indices = sorted({names.index(tap) for tap in places})
    order = [indices.index(names.index(tap)) for tap in places]
    return places, TowerReader(indices, order, norm=norm, head=wanted.head)


def _cut(tower: nn.Module, wanted: NetworkRequest, places: tuple[str, ...], read: TowerReader) -> Network:
    found, called = dry_run_and_calls(tower, read, wanted.shape)
    drop_uncalled(tower, called)
    return Network(tower, read, places, strides_of(found.maps, places, wanted.shape, any_size=False))


def _timm_tower(tower: Any, wanted: NetworkRequest) -> Network:
    trunk = tower.trunk
    config = trunk.pretrained_cfg
    if config.get("fixed_input_size", False) and config["input_size"][1:] != (wanted.height, wanted.width):
        trunk.set_input_size(img_size=(wanted.height, wanted.width))
    network = timm_network(trunk, wanted, head=_logits)
    if not wanted.head:
        tower.head = nn.Identity()
    read = TrunkReader(network.read)
    positions = network.positions and replace(network.positions, name=f"trunk.{network.positions.name}")
    return replace(network, body=tower, read=read, positions=positions)


def _logits(trunk: Any, features: Tensor) -> Tensor:
    pooled: Tensor = trunk.forward_head(features)
    return pooled


TOWERS: dict[str, Callable[[Any, NetworkRequest], Network]] = {
    "VisionTransformer": _vision_transformer,
    "ModifiedResNet": _resnet,
    "TimmModel": _timm_tower,
}
"""The classes of open_clip's towers."""
