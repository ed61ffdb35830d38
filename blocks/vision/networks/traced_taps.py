"""Named places of a traced network, as torchvision's feature extraction calls them."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from typing import Any

import torch
from torch import nn
from torch.fx import Graph, GraphModule, Node
from torchvision.models.feature_extraction import DualGraphModule, create_feature_extractor, get_graph_node_names

from compose.blocks.vision.networks.network import refuse_tap

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
    names = [*pools, *modules]
    raise refuse_tap(tap, [name for name in names if name.count(".") <= 1])


def _prefixes(node: str) -> list[str]:
    """A place's own name and those of the modules that it lies in."""
    parts = node.split(".")
    return [".".join(parts[:end]) for end in range(1, len(parts) + 1)]


def _pools(network: nn.Module) -> dict[str, str]:
    """``pool1`` ...: the max-poolings of networks that name nothing but their layers' numbers."""
    pools = (name for name, module in network.named_modules() if isinstance(module, nn.MaxPool2d))
    return {f"pool{number}": name for number, name in enumerate(pools, start=1)}


def cut(network: nn.Module, places: Sequence[str]) -> GraphModule:
    """The network up to its deepest place: image -> dict of what lies at each place."""
    extractor: Any = create_feature_extractor(network, list(places))
    graphs: tuple[Graph, Graph] = (extractor.train_graph, extractor.eval_graph)
    for graph in graphs:
        taps = graph.output_node().all_input_nodes
        for tap in taps:
            for user in tap.users:
                _not_in_place(extractor, user)
        _drop_assertions(graph, taps)
    cut_network: GraphModule = DualGraphModule(extractor, *graphs)
    return cut_network


def _drop_assertions(graph: Graph, taps: Sequence[Node]) -> None:
    """Drop what is asserted behind the deepest tap, and with it the layers that only the assertions read."""
    nodes = list(graph.nodes)
    deepest = max(map(nodes.index, taps))
    for node in nodes[deepest:]:
        if node.op == "call_function" and node.target is torch._assert:
            graph.erase_node(node)
    graph.eliminate_dead_code()


def _not_in_place(extractor: GraphModule, node: Node) -> None:
    """A layer behind a tap must not overwrite the tap's map."""
    if node.op == "call_module" and getattr(extractor.get_submodule(str(node.target)), "inplace", False):
        extractor.get_submodule(str(node.target)).inplace = False  # type: ignore[assignment]
    if node.kwargs.get("inplace"):
        node.update_kwarg("inplace", False)
