"""The networks of few-shot learning, Conv-64 and ResNet-12: their maps are those of their layers, one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from torch import Tensor, nn

from compose.blocks.vision import conv64, resnet12
from compose.blocks.vision.networks.network import (
    Network,
    NetworkRequest,
    Reading,
    dry_run,
    refuse_head,
    refuse_tap,
    strides_of,
)

FEW_SHOT: dict[str, Callable[..., nn.Module]] = {"conv64": conv64.Conv64, "resnet12": resnet12.ResNet12}
LAYERS = {"conv64": conv64.LAYERS, "resnet12": resnet12.LAYERS}
"""How their layers are made unless a spec says otherwise."""


class FewShotNetworks:
    """Networks that no library has; their widths may be chosen, and torch alone is imported for them."""

    def names(self) -> list[str]:
        """The architectures that it has."""
        return [*FEW_SHOT]

    def build(self, wanted: NetworkRequest) -> Network:
        """A network with random weights, without the layers behind its deepest tap.

        Raises:
            BlockError: it has no such layers.
        """
        if wanted.head:
            raise refuse_head(f"{wanted.name} has none")
        given: dict[str, Any] = {"channels": wanted.channels, "pools": wanted.pools}
        network = FEW_SHOT[wanted.name](
            wanted.in_channels,
            **{key: value for key, value in given.items() if value is not None},
            layers=replace(LAYERS[wanted.name], **wanted.layers),
        )
        whole = frozenset(network.state_dict())
        layers = [name for name, _ in network.named_children()]
        places = tuple(wanted.taps or layers[-1:])
        for tap in places:
            if tap not in layers:
                raise refuse_tap(tap, layers)
        for name in layers[max(map(layers.index, places)) + 1 :]:
            delattr(network, name)
        read = LayerReader(places)
        maps = dry_run(network, read, wanted.usual_shape).maps
        strides = strides_of(maps, places, wanted.usual_shape, any_size=True)
        return Network(network, read, places, strides, whole=whole)

    def weights(self, wanted: NetworkRequest, name: str) -> Callable[[], Mapping[str, Tensor]] | None:
        """None: nobody publishes weights under a name."""
        return None

    def published(self, name: str) -> list[str]:
        """Nothing."""
        return []


class LayerReader:
    """Reads a network whose layers follow one another.

    Args:
        places: the layers after which a map is taken, in the order of the taps.
    """

    def __init__(self, places: tuple[str, ...]) -> None:
        self.places = places

    def __call__(self, body: nn.Module, image: Tensor) -> Reading:
        """The maps behind the layers."""
        maps = {}
        for name, layer in body.named_children():
            maps[name] = image = layer(image)
        return Reading([maps[place] for place in self.places])
