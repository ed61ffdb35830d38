"""A graph cut at the results of some of its modules: what leads to them, and what takes them."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from torch import fx

from compose.model.per_image import only


def module_call(graph: fx.GraphModule, name: str) -> fx.Node | None:
    """Where a graph calls a module; None where it does not."""
    return next((node for node in graph.graph.nodes if node.op == "call_module" and node.target == name), None)


def depends(graph: fx.GraphModule, output: str, names: Collection[str]) -> bool:
    """Whether an output depends on the result of one of some modules; any does where there are none.

    Args:
        graph: returns a dict.
        output: a key of it.
        names: the modules.
    """
    return not names or any(module_call(only(graph, [output]), name) is not None for name in names)


def given_by(graph: fx.GraphModule, names: Sequence[str], outputs: Sequence[str]) -> fx.GraphModule:
    """The part of a graph that gives the results of some modules, by their names, and some outputs.

    Args:
        graph: returns a dict.
        names: the modules.
        outputs: keys of the dict.
    """
    whole, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    (result,) = graph.graph.find_nodes(op="output")
    for node in graph.graph.nodes:
        if node is not result:
            copies[node] = whole.node_copy(node, lambda value: copies[value])
    calls = {name: module_call(graph, name) for name in names}
    found = {name: copies[call] for name, call in calls.items() if call is not None}
    whole.output({**found, **{key: copies[result.args[0][key]] for key in outputs}})
    return only(fx.GraphModule(graph, whole, f"{type(graph).__name__}Whole"), [*found, *outputs])


def taking(graph: fx.GraphModule, names: Collection[str]) -> fx.GraphModule:
    """The part of a graph that takes the results of some modules as inputs of their names.

    Args:
        graph: returns a dict.
        names: the modules; those that the graph does not call are no inputs.
    """
    new, copies = fx.Graph(), dict[fx.Node, fx.Node]()
    cut = {call: name for name in names if (call := module_call(graph, name)) is not None}
    if not cut:
        return graph
    (result,) = graph.graph.find_nodes(op="output")
    for node in graph.graph.nodes:
        if node.op == "placeholder":
            copies[node] = new.node_copy(node)
    for call, name in cut.items():
        copies[call] = new.placeholder(name)
    for node in graph.graph.nodes:
        if node not in copies and node is not result:
            copies[node] = new.node_copy(node, lambda value: copies[value])
    new.output({key: copies[node] for key, node in result.args[0].items()})
    return only(fx.GraphModule(graph, new, f"{type(graph).__name__}Taking"), list(result.args[0]))
