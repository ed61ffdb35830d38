"""A scoring graph in two parts: what it computes of each image alone, and what it does with that in an episode."""

from __future__ import annotations

from dataclasses import dataclass

from torch import fx

IMAGE = "image"
"""The input that each image has for itself."""


@dataclass(frozen=True)
class PerImage:
    """The parts of a graph; they share its weights.

    Args:
        features: ``image`` -> a dict of what the rest needs, each with the images as its first dim.
        rest: that, and the other inputs -> what the graph returns.
    """

    features: fx.GraphModule
    rest: fx.GraphModule


def split_per_image(graph: fx.GraphModule) -> PerImage | None:
    """The parts of a graph; None where nothing depends on the images alone.

    An episode's pictures come back in other episodes: of each the features are then computed once. That a block treats
    every image for itself cannot be seen in a graph; whoever uses the parts compares them with the whole once.
    """
    alone = _alone(graph)
    border = [node for node in alone if any(user not in alone for user in node.users)]
    if all(node.op == "placeholder" for node in border):
        return None
    return PerImage(_first(graph, alone, border), _second(graph, alone, border))


def _alone(graph: fx.GraphModule) -> dict[fx.Node, None]:
    """The nodes that depend on the images and on nothing else, in order."""
    found: dict[fx.Node, None] = {}
    for node in graph.graph.nodes:
        of_image = node.op == "placeholder" and node.target == IMAGE
        inputs = node.all_input_nodes
        if of_image or (node.op != "output" and inputs and all(value in found for value in inputs)):
            found[node] = None
    return found


def _first(graph: fx.GraphModule, alone: dict[fx.Node, None], border: list[fx.Node]) -> fx.GraphModule:
    new, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    for node in alone:
        copies[node] = new.node_copy(node, lambda value: copies[value])
    new.output({node.name: copies[node] for node in border})
    return fx.GraphModule(graph, new, f"{type(graph).__name__}Features")


def _second(graph: fx.GraphModule, alone: dict[fx.Node, None], border: list[fx.Node]) -> fx.GraphModule:
    new, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    for node in border:
        copies[node] = new.placeholder(node.name)
    for node in graph.graph.nodes:
        if node not in alone:
            copies[node] = new.node_copy(node, lambda value: copies[value])
    return fx.GraphModule(graph, new, f"{type(graph).__name__}Rest")
