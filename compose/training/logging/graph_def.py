"""The model's graph as TensorBoard draws it: one box for each node of the spec."""

from __future__ import annotations

import operator
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from compose.shown import printable_lines

if TYPE_CHECKING:
    from tensorboard.compat.proto.graph_pb2 import GraphDef
    from tensorboard.compat.proto.node_def_pb2 import NodeDef
    from torch.fx import GraphModule, Node


Shapes = Mapping[str, Sequence[tuple[int, ...]]]


def graph_def(model: GraphModule, shapes: Shapes) -> GraphDef:
    """The graph of a traced model.

    Args:
        model: the model.
        shapes: node -> the shapes of its outputs, for those to show.
    """
    from tensorboard.compat.proto.graph_pb2 import GraphDef
    from tensorboard.compat.proto.versions_pb2 import VersionDef

    shown = [node for node in model.graph.nodes if node.op != "output" and not _is_part(node)]
    return GraphDef(node=[_node_def(model, node, shapes) for node in shown], versions=VersionDef(producer=22))


def _node_def(model: GraphModule, node: Node, shapes: Shapes) -> NodeDef:
    from tensorboard.compat.proto.attr_value_pb2 import AttrValue
    from tensorboard.compat.proto.node_def_pb2 import NodeDef

    kind, facts = _kind(model, node)
    attributes = {key: AttrValue(s=printable_lines(str(value)).encode()) for key, value in facts.items()}
    known = [_shape(shape) for shape in shapes.get(str(node.target), ())]
    if known:
        attributes["_output_shapes"] = AttrValue(list=AttrValue.ListValue(shape=known))
    inputs = dict.fromkeys(_name(_producer(producer)) for producer in node.all_input_nodes)
    return NodeDef(name=_name(node), op=kind, input=list(inputs), attr=attributes)


def _kind(model: GraphModule, node: Node) -> tuple[str, dict[str, object]]:
    if node.op == "placeholder":
        return "Input", {}
    if node.op == "call_module":
        module = model.get_submodule(str(node.target))
        parameters = sum(p.numel() for p in module.parameters())
        facts = {"parameters": f"{parameters:,}" if parameters else "", "settings": module.extra_repr()}
        return type(module).__name__, {key: value for key, value in facts.items() if value}
    return getattr(node.target, "__name__", str(node.target)), {}


def _name(node: Node) -> str:
    if node.op == "placeholder":
        return f"inputs/{node.name}"
    return str(node.target).replace(".", "/") if node.op == "call_module" else node.name


def _producer(node: Node) -> Node:
    return _producer(node.all_input_nodes[0]) if _is_part(node) else node


def _is_part(node: Node) -> bool:
    """Whether a node only takes one output of another."""
    return node.op == "call_function" and node.target in (operator.getitem, getattr)


def _shape(sizes: tuple[int, ...]) -> Any:
    from tensorboard.compat.proto.tensor_shape_pb2 import TensorShapeProto

    return TensorShapeProto(dim=[TensorShapeProto.Dim(size=size) for size in sizes])
