"""Steps to ``torch.fx``: one graph for training, one for inference, over the same modules."""

from __future__ import annotations

import operator
from collections.abc import Iterable
from typing import Any

import torch
from torch import fx, nn

from compose.spec.wiring.plan import Plan, Ref, Step, Value, needed, refs
from compose.spec.wiring.reserved import RESERVED


def input_name(name: str) -> str:
    """The keyword by which the model takes a reserved input: ``labels.vectors`` -> ``labels_vectors``."""
    return RESERVED[name].port


def module_tree(modules: dict[str, nn.Module]) -> nn.Module:
    """A root module with each module at its step's dotted path."""
    root = nn.Module()
    for path, module in modules.items():
        *parents, leaf = path.split(".")
        holder = root
        for parent in parents:
            if not hasattr(holder, parent):
                holder.add_module(parent, nn.Module())
            holder = holder.get_submodule(parent)
        holder.add_module(leaf, module)
    return root


def assemble(root: nn.Module, steps: Iterable[Step], outputs: dict[str, Ref], name: str) -> fx.GraphModule:
    """A graph module that returns a dict of these outputs.

    Args:
        root: holds the modules.
        steps: the steps in order; those that no output needs are left out.
        outputs: key -> value.
        name: the class name of the result.
    """
    wanted = needed(steps, outputs.values())
    values = [value for step in wanted for value in step.inputs.values()]
    used = {ref.port for value in [*values, *outputs.values()] for ref in refs(value) if not ref.step}
    builder = _Builder(fx.Graph())
    builder.placeholders(used)
    for step in wanted:
        builder.step(step)
    builder.graph.output({key: builder.value(ref) for key, ref in outputs.items()})
    builder.graph.lint()
    return fx.GraphModule(root, builder.graph, name)


class _Builder:
    def __init__(self, graph: fx.Graph) -> None:
        self.graph = graph
        self.results: dict[str, fx.Node] = {}
        self.fields: dict[tuple[str, str, int | None], fx.Node] = {}
        self.tuples: dict[str, bool] = {}

    def placeholders(self, names: set[str]) -> None:
        for name in RESERVED:
            if name in names:
                node = self.graph.placeholder(input_name(name), type_expr=torch.Tensor)
                self.fields["", name, None] = node

    def step(self, step: Step) -> None:
        if step.op == "stack":
            tensors = self._argument(step.inputs["tensors"])
            node = self.graph.call_function(torch.stack, (tensors,))
            self.tuples[step.name] = False
        else:
            assert step.declaration is not None
            args, kwargs = self._arguments(step)
            node = self.graph.create_node(
                "call_module", step.share or step.name, args, kwargs, name=step.name.replace(".", "_")
            )
            self.tuples[step.name] = len(step.declaration.outputs) > 1 or step.declaration.outputs[0].name != "out"
        self.results[step.name] = node

    def _arguments(self, step: Step) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Positional up to the first port that is not wired, by name after it."""
        assert step.declaration is not None
        names = [port.name for port in step.declaration.inputs]
        leading = next((i for i, name in enumerate(names) if name not in step.inputs), len(names))
        args = tuple(self._argument(step.inputs[name]) for name in names[:leading])
        kwargs = {name: self._argument(step.inputs[name]) for name in names[leading:] if name in step.inputs}
        return args, kwargs

    def _argument(self, value: Value) -> Any:
        if isinstance(value, tuple):
            return [self.value(ref) for ref in value]
        return self.value(value)

    def value(self, ref: Ref) -> fx.Node:
        """The graph's node behind a reference."""
        key = (ref.step, ref.port, ref.index)
        if key not in self.fields:
            if ref.index is not None:
                whole = self.value(Ref(ref.step, ref.port))
                self.fields[key] = self.graph.call_function(operator.getitem, (whole, ref.index))
            elif self.tuples[ref.step]:
                name = f"{ref.step.replace('.', '_')}_{ref.port}"
                args = (self.results[ref.step], ref.port)
                self.fields[key] = self.graph.create_node("call_function", getattr, args, name=name)
            else:
                self.fields[key] = self.results[ref.step]
        return self.fields[key]


def inference_outputs(plan: Plan) -> dict[str, Ref]:
    """What inference returns: the scores."""
    return {"scores": plan.scores}


def looking_outputs(plan: Plan, *, winner: bool) -> dict[str, Ref]:
    """What inference returns where one also wants to see where the model looks; see :class:`Plan`.

    Args:
        plan: the wired spec.
        winner: whether the scores' port ``winner`` names the modules whose maps the attention has.
    """
    found = {"scores": plan.scores, "attention": plan.attention, "winner": plan.winner if winner else None}
    layers = {f"{port}.{i}": ref for port, refs in plan.episode_attention.items() for i, ref in enumerate(refs)}
    return {**{key: ref for key, ref in found.items() if ref is not None}, **layers}


def training_outputs(plan: Plan) -> dict[str, Ref]:
    """What training returns: the scores and every term of the loss."""
    return {"scores": plan.scores, **{f"loss.{term.name}": term.value for term in plan.terms}}
