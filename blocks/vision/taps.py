"""Named places of a network where maps are taken."""

from __future__ import annotations

import difflib
import math
from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.fx import GraphModule, Node
from torchvision.models.feature_extraction import create_feature_extractor, get_graph_node_names

from compose.block import BlockError

IMAGE_SIZE = 224
"""Side of the picture on which strides are measured: every architecture takes it."""

HEADS = ("avgpool", "adaptive_avg_pool2d", "mean", "flatten", "classifier", "fc", "heads", "head")
"""How torchvision calls what turns the last map into class scores."""


def find_taps(network: nn.Module, taps: Sequence[str] | None) -> list[str]:
    """The names of the network's own places for the names of a spec; its last map where none are given.

    Raises:
        BlockError: there is no such place.
    """
    nodes = get_graph_node_names(network)[1]
    if taps is None:
        return [list(takewhile(lambda node: node.partition(".")[0] not in HEADS, nodes))[-1]]
    return [_place(tap, nodes, _pools(network)) for tap in taps]


def _place(tap: str, nodes: Sequence[str], pools: dict[str, str]) -> str:
    modules = [part for node in nodes for part in _prefixes(node)]
    if tap in modules:
        return tap
    if tap in pools:
        return pools[tap]
    names = list(dict.fromkeys([*pools, *modules]))
    nearest = difflib.get_close_matches(tap, names, n=5) or [name for name in names if name.count(".") <= 1]
    raise BlockError(f"expected a place such as {', '.join(nearest)}, got {tap}", parameter="taps")


def _prefixes(node: str) -> list[str]:
    """A place's own name and those of the modules that it lies in."""
    parts = node.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _pools(network: nn.Module) -> dict[str, str]:
    """``pool1`` ...: the max-poolings of networks that name nothing but their layers' numbers."""
    pools = (name for name, module in network.named_modules() if isinstance(module, nn.MaxPool2d))
    return {f"pool{number}": name for number, name in enumerate(pools, start=1)}


def cut(network: nn.Module, places: Sequence[str]) -> GraphModule:
    """The network up to its deepest place: image -> dict of maps by place."""
    extractor: GraphModule = create_feature_extractor(network, list(places))
    graphs: tuple[Any, Any] = (extractor.train_graph, extractor.eval_graph)
    for graph in graphs:
        for tap in graph.output_node().all_input_nodes:
            for user in tap.users:
                _not_in_place(extractor, user)
    extractor.recompile()
    return extractor


def _not_in_place(extractor: GraphModule, node: Node) -> None:
    """A layer behind a tap must not overwrite the tap's map."""
    if node.op == "call_module" and getattr(extractor.get_submodule(str(node.target)), "inplace", False):
        extractor.get_submodule(str(node.target)).inplace = False  # type: ignore[assignment]
    if node.kwargs.get("inplace"):
        node.update_kwarg("inplace", False)


def measure_strides(extractor: nn.Module, places: Sequence[str], *, in_channels: int) -> list[int]:
    """How many pixels lie between neighbouring entries of each place's map, a power of two. Nothing is computed.

    Raises:
        BlockError: what lies at a place is no map.
    """
    training = extractor.training
    with torch.no_grad():
        maps: dict[str, Any] = shapes_of(extractor.eval(), torch.empty(1, in_channels, IMAGE_SIZE, IMAGE_SIZE))
    extractor.train(training)
    return [_stride(place, maps[place]) for place in places]


def shapes_of(network: nn.Module, image: Tensor) -> Any:
    """What a network gives for an image, without values."""
    held = {name: tensor.to("meta") for name, tensor in (*network.named_parameters(), *network.named_buffers())}
    return functional_call(network, held, (image.to("meta"),))


def _stride(place: str, found: Any) -> int:
    shape = tuple(found.shape) if isinstance(found, Tensor) else ()
    if len(shape) != 4 or shape[2] != shape[3]:
        what = f"shape {'×'.join(map(str, shape))}" if shape else f"a {type(found).__name__}"
        raise BlockError(f"expected a place with a map b c h w, got {place} with {what}", parameter="taps")
    return int(2 ** round(math.log2(IMAGE_SIZE / shape[-1])))  # convolutions without padding lose a little more
