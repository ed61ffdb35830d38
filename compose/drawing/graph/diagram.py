"""What is drawn of a model: its inputs, nodes, scores and losses, and what flows between them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from compose.spec.wiring.plan import Plan, Ref, Step, refs
from compose.spec.wiring.reserved import RESERVED

Role = Literal["input", "node", "scores", "loss"]
BoxMark = Literal["", "added", "gone", "changed"]
"""What became of a box or an arrow, where a diagram shows two models."""
SIGNS: dict[BoxMark, str] = {"": "", "added": "+", "gone": "−", "changed": "~"}


@dataclass(frozen=True)
class Box:
    """A box of the diagram.

    Args:
        key: unique in the diagram.
        role: what it is; each role has its colour.
        title: its name.
        lines: what stands under the name: the block, the output shapes.
        hint: what the block does.
        mark: what became of it.
    """

    key: str
    role: Role
    title: str
    lines: tuple[str, ...] = ()
    hint: str = ""
    mark: BoxMark = ""

    @property
    def signed(self) -> str:
        """Its name behind the sign of what became of it."""
        return f"{SIGNS[self.mark]} {self.title}".lstrip()


@dataclass(frozen=True)
class Arrow:
    """A value that flows from one box to another.

    Args:
        start: the box that gives it.
        end: the box that takes it.
        label: the ports, where there is a choice.
        mark: what became of it.
    """

    start: str
    end: str
    label: str = ""
    mark: BoxMark = ""


@dataclass(frozen=True)
class Diagram:
    """Boxes in an order in which every arrow leads onward."""

    title: str
    boxes: tuple[Box, ...]
    arrows: tuple[Arrow, ...]

    @property
    def marks(self) -> tuple[BoxMark, ...]:
        """What became of its parts, each once; nothing where it shows one model."""
        there = {box.mark for box in self.boxes} | {arrow.mark for arrow in self.arrows}
        return tuple(mark for mark in SIGNS if mark and mark in there)


def diagram(plan: Plan, *, title: str, shapes: Mapping[str, Mapping[str, str]] | None = None) -> Diagram:
    """The diagram of a plan.

    Args:
        plan: the wired model.
        title: stands over the picture.
        shapes: step -> output port -> its shape as text; a reserved input is a port of the step "".
    """
    known = shapes or {}
    boxes = [_input(name, known) for name in plan.reserved]
    boxes += [_step(step, "scores" if step.name == plan.scores.step else "node", known) for step in plan.steps]
    boxes += list(_losses(plan, known))
    outputs = {step.name: len(step.declaration.outputs) if step.declaration else 1 for step in plan.steps}
    arrows = [arrow for step in plan.all_steps for arrow in _arrows(step, outputs)]
    arrows += [
        Arrow(_key(term.value), f"loss.{term.name}", _leaving_port(term.value, outputs))
        for term in plan.terms
        if term.step is None
    ]
    return Diagram(title, tuple(boxes), tuple(dict.fromkeys(arrows)))


def _input(name: str, shapes: Mapping[str, Mapping[str, str]]) -> Box:
    shape = shapes.get("", {}).get(name)
    return Box(f"input.{name}", "input", name, (shape,) if shape else (), RESERVED[name].doc)


def _step(step: Step, role: Role, shapes: Mapping[str, Mapping[str, str]]) -> Box:
    used = step.declaration.name if step.declaration else step.op
    text = f"{used}, weights of {step.share}" if step.share else used
    block = () if used == step.name else (text,)
    known = shapes.get(step.name, {})
    lines = [line for port, shape in known.items() for line in _lines("" if port == "out" else port, shape)]
    hint = step.declaration.summary if step.declaration else "The tensors of all copies along a new first axis."
    return Box(step.name, role, step.name, (*block, *lines), hint)


def _lines(port: str, shape: str) -> Iterator[str]:
    """A port and its shape; each tensor of a list on a line of its own."""
    for index, part in enumerate(shape.split(", ")):
        yield f"{port} {part}".lstrip() if index == 0 else part


def _losses(plan: Plan, shapes: Mapping[str, Mapping[str, str]]) -> Iterator[Box]:
    for term in plan.terms:
        used = term.step.declaration.name if term.step and term.step.declaration else ""
        weight = f"weight {term.weight:g}"
        hint = term.step.declaration.summary if term.step and term.step.declaration else ""
        yield Box(f"loss.{term.name}", "loss", term.name, (f"{used}, {weight}" if used else weight,), hint)


def _arrows(step: Step, outputs: Mapping[str, int]) -> Iterator[Arrow]:
    """The arrows into a step; its ports are named where nodes feed more than one of them."""
    several = step.op == "block" and sum(any(ref.step for ref in refs(value)) for value in step.inputs.values()) > 1
    for port, value in step.inputs.items():
        for ref in refs(value):
            start = _leaving_port(ref, outputs)
            end = port if several and ref.step and port != start else ""
            yield Arrow(_key(ref), step.name, " → ".join(part for part in (start, end) if part))


def _key(ref: Ref) -> str:
    return ref.step or f"input.{ref.port}"


def _leaving_port(ref: Ref, outputs: Mapping[str, int]) -> str:
    """The port an arrow leaves by, where its box has several."""
    name = ref.port if ref.step and outputs.get(ref.step, 1) > 1 else ""
    return name if ref.index is None or ref.sole else f"{name}.{ref.index}".lstrip(".")


def shape_texts(facts: Mapping[str, Any], sizes: Mapping[str, tuple[int, ...]]) -> dict[str, dict[str, str]]:
    """The shapes of a shaped model as :func:`diagram` takes them.

    Args:
        facts: step -> facts with ``outputs``.
        sizes: reserved input -> shape.
    """
    known = {step: {port: _text(shape) for port, shape in found.outputs.items()} for step, found in facts.items()}
    return {"": {name: _text(size) for name, size in sizes.items()}, **known}


def _text(shape: Any) -> str:
    if isinstance(shape, list):
        return ", ".join(map(_text, shape))
    return "×".join(map(str, shape)) if shape else "scalar"
