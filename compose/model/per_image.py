"""A graph in two parts: what it computes of each example alone, and what it does with that in an episode."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from torch import fx

EXAMPLE = ("image", "features")
"""The inputs that each example has for itself."""


@dataclass(frozen=True)
class PerImage:
    """The parts of a graph; they share its weights.

    Args:
        features: the example, and fixed inputs -> a dict of what the rest needs, each with the examples as its first
            dim.
        rest: that, and the other inputs -> what the graph returns.
    """

    features: fx.GraphModule
    rest: fx.GraphModule


def split_per_image(
    graph: fx.GraphModule,
    *,
    varying: Collection[str] = (),
    mixing: Collection[str] = (),
    fixed: Collection[str] = (),
) -> PerImage | None:
    """The parts of a graph; None where nothing depends on the examples alone.

    An episode's examples come back in other episodes: of each the features are then computed once. That a block treats
    every example for itself cannot be seen in a graph; whoever uses the parts compares them with the whole once.

    Args:
        graph: a built model's.
        varying: nodes whose weights change from one use to the next, so that what they compute cannot be kept.
        mixing: paths of modules whose outputs have no row for each example.
        fixed: inputs that are the same in all uses.
    """
    alone = _alone(graph, varying, mixing, fixed)
    border = [node for node in alone if any(user not in alone for user in node.users)]
    if all(node.op == "placeholder" for node in border):
        return None
    return PerImage(_first(graph, alone, border), _second(graph, alone, border))


def only(graph: fx.GraphModule, outputs: Sequence[str]) -> fx.GraphModule:
    """The part of a graph that gives some of what it returns, with only the inputs for it and the same weights.

    Args:
        graph: returns a dict.
        outputs: keys of it.
    """
    new, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    (result,) = graph.graph.find_nodes(op="output")
    wanted = {key: result.args[0][key] for key in outputs}
    needed: set[fx.Node] = set()
    for node in reversed(graph.graph.nodes):
        if node in wanted.values() or any(user in needed for user in node.users):
            needed.add(node)
    for node in graph.graph.nodes:
        if node in needed:
            copies[node] = new.node_copy(node, lambda value: copies[value])
    new.output({key: copies[node] for key, node in wanted.items()})
    return fx.GraphModule(graph, new, f"{type(graph).__name__}Part")


def _alone(
    graph: fx.GraphModule, varying: Collection[str], mixing: Collection[str], fixed: Collection[str]
) -> dict[fx.Node, None]:
    """The nodes that depend on the examples and on nothing else that varies, in order."""
    found: dict[fx.Node, None] = {}
    for node in graph.graph.nodes:
        of_example = node.op == "placeholder" and node.target in EXAMPLE
        path = str(node.target) if node.op == "call_module" else ""
        changes = path.partition(".")[0] in varying or path in mixing
        inputs = [value for value in node.all_input_nodes if not _is_fixed(value, fixed)]
        if of_example or (node.op != "output" and not changes and inputs and all(value in found for value in inputs)):
            found[node] = None
    return found


def _is_fixed(node: fx.Node, fixed: Collection[str]) -> bool:
    return node.op == "placeholder" and node.target in fixed


def _first(graph: fx.GraphModule, alone: dict[fx.Node, None], border: list[fx.Node]) -> fx.GraphModule:
    new, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    shared = {value: None for node in alone for value in node.all_input_nodes if value not in alone}
    for node in (*shared, *alone):
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
