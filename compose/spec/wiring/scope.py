"""What a reference means at one level of nodes, the model's or a composite block's."""

from __future__ import annotations

from collections.abc import Collection
from collections.abc import Mapping as MappingType
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from compose.errors import Note, Place, SpecError, nearest
from compose.registry.registry import Registry
from compose.spec.layers.merge import Removed
from compose.spec.schema.composite_parameters import CompositeParameters
from compose.spec.wiring.bounds import Expansion
from compose.spec.wiring.composite_ports import CompositePorts
from compose.spec.wiring.plan import ListOf, Ref, Step, Value
from compose.spec.wiring.reserved import RESERVED
from compose.spec.yaml.tree import Mapping, Scalar, Tree, plain

Removals: TypeAlias = MappingType[str, MappingType[str, Removed]]
"""Section -> name -> what removed it."""


@dataclass(frozen=True)
class WiredComposite:
    """What feeds a node that uses a composite, by input, and what it gives, by output."""

    inputs: dict[str, Value]
    outputs: dict[str, Value]


@dataclass(frozen=True)
class World:
    """What all levels of a spec share.

    Args:
        registry: the known blocks.
        parameters: the composite blocks, and what they take.
        reserved: the reserved inputs -> why one is missing ("" where it is there).
        errors: where mistakes are collected.
        bypass: nodes of the model that pass their first input on.
        removed: section -> name -> what removed it.
        notes: where what is no mistake, and worth telling, is collected.
        unread: the nodes of the model that nothing reads.
        within: the nodes whose composites this level stands in, outermost first; told with each mistake.
        ports: the ports of the composites that are wired so far.
        wired: the nodes that use composites, by their paths.
        expansion: counts the steps.
        nulls: missing reserved inputs -> what to tell of the null that took one away.
    """

    registry: Registry
    parameters: CompositeParameters
    reserved: dict[str, str]
    errors: list[SpecError]
    bypass: frozenset[str] = frozenset()
    removed: Removals = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)
    unread: Collection[str] = ()
    within: tuple[Step, ...] = ()
    ports: dict[str, CompositePorts] = field(default_factory=dict)
    wired: dict[str, WiredComposite] = field(default_factory=dict)
    expansion: Expansion = field(default_factory=Expansion)
    nulls: MappingType[str, tuple[Note, ...]] = field(default_factory=dict)

    @property
    def composites(self) -> MappingType[str, Tree]:
        """The composite blocks by name."""
        return self.parameters.composites

    def error(
        self, code: str, message: str, place: Place, expected: str | None = None, near: str | None = None,
        notes: tuple[Note, ...] = (),
    ) -> None:  # fmt: skip
        """Record a mistake."""
        self.errors.append(SpecError(code, message, place, expected, near, (*notes, *self.uses)))

    @property
    def uses(self) -> tuple[Note, ...]:
        """What to tell of the nodes around, beside a mistake here."""
        return tuple(step.use for step in self.within)


@dataclass
class Scope:
    """One level of nodes.

    Args:
        world: what all levels share.
        nodes: name -> node.
        prefix: the path of the composite's node with a dot at the end; "" for the model.
        inputs: a composite's input ports -> what feeds them.
        params: a composite's parameters -> values.
        within: the composites that this level stands in, outermost first.
        exports: node -> output port -> value, for the nodes wired so far.
        unwired: the composite's inputs that nothing feeds, and that may do without.
        lengths: the composite's list inputs of a fixed length -> that length.
    """

    world: World
    nodes: Mapping
    prefix: str = ""
    inputs: dict[str, Value] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    within: tuple[str, ...] = ()
    exports: dict[str, dict[str, Value]] = field(default_factory=dict)
    unwired: Collection[str] = ()
    lengths: MappingType[str, int] = field(default_factory=dict)

    def reference(self, tree: Tree) -> Value | None:
        """A node, one of its ports, one tensor of a list port, a composite's input, or a reserved input.

        Returns:
            The value, or None where the text means nothing or its node could not be wired.
        """
        text = tree.value if isinstance(tree, Scalar) else None
        if not isinstance(text, str):
            self.world.error("wrong-type", "a reference is the name of a node or port", tree.place)
            return None
        head, *rest = text.split(".")
        if text in self.inputs:
            return _asked_at(self.inputs[text], tree.place)
        if text in RESERVED:
            return self._reserved(text, tree.place)
        if head in self.inputs:
            return self._item(self.inputs[head], head, rest, tree.place)
        if head in self.unwired:
            return None
        if head in self.exports:
            return self._port(head, rest, tree.place)
        if head not in self.nodes.items:
            self._unknown(text, head, tree.place)
        return None

    def one(self, tree: Tree) -> Ref | None:
        """What a reference means where one tensor is wanted; see :meth:`reference`."""
        value = self.reference(tree)
        if isinstance(value, tuple) and len(value) != 1:
            message = f"`{plain(tree)}` passes on {len(value)} tensors, and one is wanted here"
            expected = f"one of them: {', '.join(f'`{ref}`' for ref in value)}"
            self.world.error("list-for-one", message, tree.place, expected)
            return None
        return value[0].one if isinstance(value, tuple) else value and value.one

    def _reserved(self, name: str, place: Place) -> Ref | None:
        missing = self.world.reserved[name]
        if missing:
            notes = self.world.nulls.get(name, ())
            self.world.error("unavailable-input", f"there is no `{name}` here: {missing}", place, None, None, notes)
            return None
        return Ref("", name, place=place)

    def _port(self, node: str, rest: list[str], place: Place) -> Value | None:
        ports = self.exports[node]
        if not ports:
            return None
        if not rest or rest[0].isdigit():
            rest = [next(iter(ports)), *rest]
        name, *index = rest
        if name not in ports:
            message, expected = f"the node `{node}` has no output `{name}`", f"one of {', '.join(ports)}"
            bypassed = (Note("it is bypassed and only passes its first input on; null unwires a port"),)
            notes = bypassed if not self.prefix and node in self.world.bypass else ()
            self.world.error("unknown-port", message, place, expected, nearest(name, ports), notes)
            return None
        return self._item(ports[name], f"{node}.{name}", index, place)

    def _item(self, value: Value, name: str, index: list[str], place: Place) -> Value | None:
        """A value, or one tensor of it by its index."""
        fed = value.place if isinstance(value, Ref) else None
        value = _asked_at(value, place)
        if not index:
            return value
        if len(index) > 1 or not index[0].isdigit() or (isinstance(value, Ref) and value.index is not None):
            message = f"`{'.'.join(index)}` is no part of `{name}`"
            self.world.error("unknown-port", message, place, "the index of a tensor in a list")
            return None
        number = int(index[0])
        if isinstance(value, Ref):
            whole = ListOf(self.lengths[name], fed) if name in self.lengths else None
            return replace(value, index=number, many=False, of=whole)
        if number < len(value):
            return value[number]
        expected = f"an index from 0 to {len(value) - 1}"
        self.world.error("unknown-port", f"`{name}` holds {len(value)} tensors", place, expected)
        return None

    def _unknown(self, text: str, head: str, place: Place) -> None:
        there = [name for name, missing in self.world.reserved.items() if not missing]
        known = [*self.nodes.items, *self.inputs, *there]
        what = "input" if head in {name.split(".")[0] for name in RESERVED} else "node"
        close = nearest(text, [*known, *RESERVED]) or nearest(head, known)
        gone = self.world.removed.get(self._section, {}).get(head)
        notes = []
        if gone:
            remover = f"by {gone.layer}" if gone.layer else "here"
            notes.append(Note(f"`{head}` is removed {remover}", gone.place))
        message, expected = f"there is no {what} `{text}`", f"one of {', '.join(known)}"
        self.world.error(f"unknown-{what}", message, place, expected, None if gone else close, tuple(notes))

    @property
    def _section(self) -> str:
        """Where these nodes stand in the spec."""
        return f"blocks.{self.within[-1]}.model" if self.within else "model"


def _asked_at(value: Value, place: Place) -> Value:
    """The value, asked for at this place."""
    return (
        tuple(replace(ref, place=place) for ref in value) if isinstance(value, tuple) else replace(value, place=place)
    )
