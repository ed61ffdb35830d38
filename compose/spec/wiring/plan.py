"""A wired spec: what is computed, in order, and where each value comes from."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from compose.errors import Note, Place
from compose.registry.declaration import NO_WEIGHTS, Declaration
from compose.spec.yaml.tree import Mapping

EPISODE_ATTENTION = ("query_attention", "support_attention", "episode_attention")
"""Ports that say where a model of episodes looks: in each query ``e q h w``, in each support picture for each query
``e q s h w``, and at which support pictures ``e q s``."""


@dataclass(frozen=True)
class ListOf:
    """A list that a composite takes apart.

    Args:
        length: how many tensors it must hold.
        place: where the spec feeds it.
    """

    length: int
    place: Place | None


@dataclass(frozen=True)
class Ref:
    """One value: a port of a step, or a reserved input (``step`` is then "").

    Args:
        step: the name of the step that gives it.
        port: its output port, or the reserved input's name.
        index: which tensor of a list port, or None for the port as it is.
        place: where the spec asks for it; None where it is fed by its port's name.
        many: whether the port holds a list of tensors.
        sole: whether it is the one tensor of a list port, which is then asked for without an index. How many a list
            holds shows when shapes are worked out.
        of: what the list must be of which ``index`` is one tensor; None for any.
    """

    step: str
    port: str
    index: int | None = None
    place: Place | None = field(default=None, compare=False)
    many: bool = field(default=False, compare=False)
    sole: bool = field(default=False, compare=False)
    of: ListOf | None = field(default=None, compare=False)

    def __str__(self) -> str:
        name = f"{self.step}.{self.port}" if self.step and self.port != "out" else self.step or self.port
        return name if self.index is None or self.sole else f"{name}.{self.index}"

    @property
    def one(self) -> Ref:
        """The same where one tensor is wanted: of a list port its only one."""
        return replace(self, index=0, many=False, sole=True) if self.many and self.index is None else self


Value = Ref | tuple[Ref, ...]
"""What feeds a port: one value, or several for a list port."""


@dataclass(frozen=True)
class Step:
    """One call of one block.

    Args:
        name: the node's name; inside composites and repeats a path, ``layers.0.attention``.
        op: ``block``, or ``stack`` for the collected ports of a repeated node.
        declaration: the block; None for ``stack``.
        params: the parameters that the spec sets.
        inputs: what feeds each port.
        share: the step whose weights it uses, or None.
        place: where the node stands in the spec.
        tree: the node as written, for the places of its parameters.
        within: the nodes that it is part of, outermost first: those that use a composite, each as a step that is never
            computed itself.
    """

    name: str
    op: Literal["block", "stack"]
    declaration: Declaration | None
    params: dict[str, Any]
    inputs: dict[str, Value]
    share: str | None
    place: Place
    tree: Mapping
    within: tuple[Step, ...] = ()

    @property
    def use(self) -> Note:
        """What to tell of it beside a mistake inside it."""
        used = self.declaration.name if self.declaration else self.op
        return Note(f"`{self.name}` uses the block `{used}`", self.place)

    @property
    def uses(self) -> tuple[Note, ...]:
        """What to tell of the nodes that it is part of, beside a mistake of it."""
        return tuple(around.use for around in self.within)


@dataclass(frozen=True)
class Term:
    """A term of the loss: a loss block, or a scalar port of the model taken as it is."""

    name: str
    weight: float
    step: Step | None
    value: Ref

    @property
    def reads(self) -> tuple[Ref, ...]:
        """What the term reads of the model."""
        return tuple(ref for value in self.step.inputs.values() for ref in refs(value)) if self.step else (self.value,)


@dataclass(frozen=True)
class Plan:
    """What a spec computes.

    Args:
        steps: the model's steps in the order of computation.
        terms: the terms of its loss.
        scores: the port that scores the labels.
        attention: the port that says where the model looks, if it tells: maps of modules ``b m h w``, of which each
            label's score names one by the port ``winner`` ``b l``, or of labels ``b l h w``.
        starts: nodes whose output is where an inner loop starts: what leads to it sees the support of an episode alone.
    """

    steps: tuple[Step, ...]
    terms: tuple[Term, ...]
    scores: Ref
    attention: Ref | None = None
    starts: tuple[str, ...] = ()

    @property
    def all_steps(self) -> tuple[Step, ...]:
        """The steps of the model and then those of the losses."""
        return (*self.steps, *(term.step for term in self.terms if term.step))

    @property
    def nodes(self) -> tuple[str, ...]:
        """The names of the model's nodes, without what is inside composite and repeated ones."""
        return tuple(dict.fromkeys(step.name.split(".")[0] for step in self.steps if step.op == "block"))

    @property
    def winner(self) -> Ref | None:
        """The port beside the scores that tells which module each label's score comes from."""
        step = next(step for step in self.steps if step.name == self.scores.step)
        beside = step.declaration and step.declaration.output("winner")
        return Ref(step.name, "winner") if beside else None

    def scoring(self, *, losses: Collection[str] = ()) -> Plan:
        """Only what the scores need, and what tells where the model looks.

        Args:
            losses: terms that stay, for weights that adapt by them.
        """
        terms = tuple(term for term in self.terms if term.name in losses)
        ends = [self.scores, *([self.attention] if self.attention else []), *(ref for t in terms for ref in t.reads)]
        return replace(self, steps=needed(self.steps, ends, owners=True), terms=terms)

    def without_weights(self) -> Plan:
        """The same model, for weights that are loaded afterwards: no file of others is read, or needs to be there."""
        terms = tuple(replace(term, step=term.step and _unfilled(term.step)) for term in self.terms)
        return replace(self, steps=tuple(map(_unfilled, self.steps)), terms=terms)

    @property
    def episode_attention(self) -> dict[str, tuple[Ref, ...]]:
        """Where a model of episodes looks: port -> that port of each step which the scores need and which has it."""
        scoring = [step for step in needed(self.steps, [self.scores]) if step.declaration]
        found = {
            port: tuple(Ref(step.name, port) for step in scoring if step.declaration and step.declaration.output(port))
            for port in EPISODE_ATTENTION
        }
        return {port: refs for port, refs in found.items() if refs}

    @property
    def reserved(self) -> tuple[str, ...]:
        """The reserved inputs in use, in the order of first use."""
        return _reserved(self.all_steps)

    def after_starts(self, ends: Iterable[Ref]) -> tuple[Step, ...]:
        """The steps that these values depend on, without those that lead to the start of an inner loop, or give it."""
        return needed([step for step in self.steps if step.name not in self.starts], ends)

    def reserved_of(self, term: Term) -> tuple[str, ...]:
        """The reserved inputs that a term of the loss depends on."""
        return _reserved([*needed(self.steps, term.reads), *([term.step] if term.step else [])])


def _unfilled(step: Step) -> Step:
    declared = step.declaration.parameters if step.declaration else ()
    starts = {parameter.name for parameter in declared if parameter.starts_weights} & step.params.keys()
    return replace(step, params=step.params | dict.fromkeys(starts, NO_WEIGHTS)) if starts else step


def _reserved(steps: Iterable[Step]) -> tuple[str, ...]:
    inputs = [value for step in steps for value in step.inputs.values()]
    return tuple(dict.fromkeys(ref.port for value in inputs for ref in refs(value) if not ref.step))


def refs(value: Value) -> tuple[Ref, ...]:
    """The values behind a port."""
    return value if isinstance(value, tuple) else (value,)


def needed(steps: Iterable[Step], ends: Iterable[Ref], *, owners: bool = False) -> tuple[Step, ...]:
    """The steps that these values depend on, in order; with ``owners`` also those whose weights they share."""
    by_name = {step.name: step for step in steps}
    seen: set[str] = set()
    stack = [ref.step for ref in ends]
    while stack:
        name = stack.pop()
        if name in by_name and name not in seen:
            seen.add(name)
            stack += [ref.step for value in by_name[name].inputs.values() for ref in refs(value)]
            stack += [owner] if owners and (owner := by_name[name].share) else []
    return tuple(step for step in by_name.values() if step.name in seen)
