"""One of two specs that are compared: its entries, what feeds each, and what each costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from compose.model.build import Shaped
from compose.model.costs.flops import count_flops
from compose.spec.read import Spec, whole_plan
from compose.spec.schema.node_keys import selector
from compose.spec.wiring.plan import Ref, Step, Term, Value, refs
from compose.spec.yaml.tree import plain

SECTIONS = {"model": "block", "loss": "loss", "train": "stage"}
"""Sections of named entries, and what an entry is."""
APART = ("use", "stage", "in", "share")
"""Keys of an entry that are no parameters."""


@dataclass(frozen=True)
class Cost:
    """What a node costs.

    Args:
        parameters: its weights.
        flops: floating point operations of one example.
    """

    parameters: int = 0
    flops: int = 0

    def __add__(self, other: Cost) -> Cost:
        return Cost(self.parameters + other.parameters, self.flops + other.flops)


@dataclass(frozen=True)
class SpecEntry:
    """A node, a loss or a stage.

    Args:
        section: where it stands.
        name: its name there.
        use: the block, loss or stage that it names; "" where it only shares weights.
        values: its parameters as they are written.
        wiring: what feeds each of its ports, in words.
        share: the node whose weights it uses; "" for its own.
        readers: who reads it: section and name with a dot, and the port.
    """

    section: str
    name: str
    use: str
    values: Mapping[str, Any]
    wiring: Mapping[str, tuple[str, ...]]
    share: str = ""
    readers: frozenset[tuple[str, str]] = frozenset()


@dataclass(frozen=True)
class ComparedSpec:
    """One of the two.

    Args:
        title: what it is called.
        spec: the spec.
        batch: examples of the batch that its shapes were worked out for.
        shaped: its shapes; None where they are not known.
    """

    title: str
    spec: Spec
    batch: int = 1
    shaped: Shaped | None = None

    @cached_property
    def values(self) -> dict[str, Any]:
        """The spec as dicts, lists and scalars."""
        found = plain(self.spec.tree)
        assert isinstance(found, dict)
        return found

    @cached_property
    def entries(self) -> dict[tuple[str, str], SpecEntry]:
        """(Section, name) -> the entry."""
        found = [*self._nodes(), *self._losses(), *self._stages()]
        return {(entry.section, entry.name): entry for entry in found}

    @cached_property
    def costs(self) -> dict[tuple[str, str], Cost]:
        """(Section, name) of a node or loss -> its cost; nothing where the shapes are not known."""
        if self.shaped is None:
            return {}
        flops, found = count_flops(self.shaped), dict[tuple[str, str], Cost]()
        for step in self.shaped.steps:
            key = self._owner[step.name]
            cost = Cost(self.shaped.facts[step.name].parameters, flops.get(step.name, 0) // self.batch)
            found[key] = found.get(key, Cost()) + cost
        return found

    @property
    def total(self) -> Cost | None:
        """What the whole model costs; None where the shapes are not known."""
        return None if self.shaped is None else sum(self.costs.values(), Cost())

    def source(self, ref: Ref) -> str:
        """A value by the node that gives it: the node's name alone where it is the node's first output."""
        if not ref.step:
            return ref.port
        head = ref.step.split(".")[0]
        if ref.step != head:
            return self._composite_outputs.get((ref.step, ref.port, ref.index), str(ref))
        step = self._steps[head]
        first = step.declaration.outputs[0].name if step.declaration else "out"
        port = "" if ref.port == first else f".{ref.port}"
        return f"{head}{port}" if ref.index is None or ref.sole else f"{head}{port}.{ref.index}"

    @cached_property
    def _steps(self) -> dict[str, Step]:
        return {step.name: step for step in self.spec.plan.all_steps}

    @cached_property
    def _owner(self) -> dict[str, tuple[str, str]]:
        """Step -> the node or loss that it belongs to."""
        nodes = {step.name: ("model", step.name.split(".")[0]) for step in self.spec.plan.steps}
        return nodes | {term.step.name: ("loss", term.name) for term in self.spec.plan.terms if term.step}

    @cached_property
    def _composites(self) -> Any:
        return whole_plan(self.spec)[1]

    @cached_property
    def _composite_outputs(self) -> dict[tuple[str, str, int | None], str]:
        """Where a value of a step inside a composite comes out of the node that uses it."""
        found: dict[tuple[str, str, int | None], str] = {}
        for path, wired in self._composites.items():
            for number, (port, value) in enumerate(wired.outputs.items()):
                for index, ref in enumerate(refs(value)):
                    item = f".{index}" if isinstance(value, tuple) else ""
                    text = f"{path}{f'.{port}' if number else ''}{item}"
                    found.setdefault((ref.step, ref.port, ref.index), text)
        return found

    def _nodes(self) -> Iterator[SpecEntry]:
        written = self.values.get("model", {})
        names = dict.fromkeys(step.name.split(".")[0] for step in self.spec.plan.steps)
        for name in sorted(names, key=[*written].index):
            yield self._entry("model", name, written[name], self._wiring(name))

    def _wiring(self, node: str) -> dict[str, tuple[str, ...]]:
        """What feeds a node from outside of it, by its ports."""
        if node in self._composites:
            return {port: self._sources(value) for port, value in self._composites[node].inputs.items()}
        found: dict[str, tuple[str, ...]] = {}
        for step in self.spec.plan.steps:
            if self._owner[step.name] == ("model", node):
                outside = {port: _outside(value, node) for port, value in step.inputs.items()}
                found = {port: self._sources(value) for port, value in outside.items() if value} | found
        return found

    def _sources(self, value: Value) -> tuple[str, ...]:
        return tuple(map(self.source, refs(value)))

    def _losses(self) -> Iterator[SpecEntry]:
        written = self.values.get("loss", {})
        for term in self.spec.plan.terms:
            values = {**written[term.name], "weight": int(term.weight) if term.weight.is_integer() else term.weight}
            yield self._entry("loss", term.name, values, self._term_wiring(term))

    def _term_wiring(self, term: Term) -> dict[str, tuple[str, ...]]:
        if term.step is None:
            return {"value": self._sources(term.value)}
        return {port: self._sources(value) for port, value in term.step.inputs.items()}

    def _stages(self) -> Iterator[SpecEntry]:
        for name, values in self.values.get("train", {}).items():
            yield self._entry("train", name, values, {})

    def _entry(
        self, section: str, name: str, values: Mapping[str, Any], wiring: Mapping[str, tuple[str, ...]]
    ) -> SpecEntry:
        use = str(values.get(selector("stage") if section == "train" else "use", ""))
        parameters = {key: value for key, value in values.items() if key not in APART}
        return SpecEntry(
            section, name, use, parameters, wiring, str(values.get("share", "")), self._readers(name, section)
        )

    def _readers(self, node: str, section: str) -> frozenset[tuple[str, str]]:
        """Who reads a node outside of it."""
        if section != "model":
            return frozenset()
        found = set()
        for step in self.spec.plan.all_steps:
            key = self._owner[step.name]
            if key != ("model", node):
                found |= {
                    (".".join(key), port)
                    for port, value in step.inputs.items()
                    if any(ref.step.split(".")[0] == node for ref in refs(value))
                }
        return frozenset(found)

    @property
    def stages(self) -> Sequence[str]:
        """The stages in their order."""
        return [name for section, name in self.entries if section == "train"]


def _outside(value: Value, node: str) -> tuple[Ref, ...]:
    """What of a value is not given by the node itself."""
    return tuple(ref for ref in refs(value) if ref.step.split(".")[0] != node)
