"""Nodes to steps: one for each block, those inside for a composite, a copy for each repeat."""

from __future__ import annotations

from typing import Any

from compose.errors import Note, Place, nearest
from compose.registry.declaration import Port
from compose.spec.schema.faults import faults
from compose.spec.schema.node_keys import NODE_KEYS
from compose.spec.wiring.fill import fill, mistakes
from compose.spec.wiring.inputs import as_taken, wire_ports
from compose.spec.wiring.mentions import edges, heads, order, unread
from compose.spec.wiring.plan import Ref, Step, Value
from compose.spec.wiring.scope import Scope
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, place_of, plain

LACKING = ("missing-input", "unavailable-input")
"""Mistakes that do not matter where nothing reads a node, such as labels without what a variant took from them."""
WIRING_KEYS = ("use", "in", "repeat", "carry", "collect", "share")


def expand(scope: Scope) -> list[Step]:
    """The steps of all nodes of a scope, each after what it reads; fills the scope's ``exports``."""
    steps: list[Step] = []
    names, cycles = order(edges(scope.nodes))
    for cycle in cycles:
        _cycle(scope, cycle)
    for name in names:
        node = scope.nodes.items[name]
        if isinstance(node, Mapping):
            before = len(scope.world.errors)
            scope.exports[name] = _Node(scope, name, node, steps).wire()
            if not scope.prefix and name in scope.world.unread:
                told = scope.world.errors[before:]
                scope.world.errors[before:] = [error for error in told if error.code not in LACKING]
    return steps


def _cycle(scope: Scope, cycle: list[str]) -> None:
    path = " <- ".join([*cycle, cycle[0]])
    notes = tuple(Note(f"`{name}` stands here", scope.nodes.keys[name]) for name in cycle[1:])
    place = scope.nodes.keys[cycle[0]]
    message = f"these nodes wait for one another: {path}"
    scope.world.error("cycle", message, place, "an order in which each can be computed", None, notes)


class _Node:
    """One node of a scope on its way to steps."""

    def __init__(self, scope: Scope, name: str, node: Mapping, steps: list[Step]) -> None:
        self.scope, self.world, self.name, self.node, self.steps = scope, scope.world, name, node, steps
        self.place = scope.nodes.keys[name]
        self.used = _used(scope, node)
        self.composite = self.world.composites.get(self.used)
        self.declaration = None if self.composite else self.world.registry.find("block", self.used)
        self.full = fill(node, scope.params, self._no_parameter) if scope.prefix else node

    def wire(self) -> dict[str, Value]:
        """Append the node's steps and return its output ports; none where the node is at fault."""
        if self.composite is None and self.declaration is None:
            if not self.used:
                self._shared()
            return {}
        if self.used in self.scope.within:
            chain = " -> ".join([*self.scope.within, self.used])
            self.world.error("composite-cycle", f"the block `{self.used}` contains itself: {chain}", self.node.place)
            return {}
        if self.scope.prefix:
            self.world.errors.extend(mistakes(self.node, self.full, self.declaration, self.world.registry))
        ports = self.declaration.inputs if self.declaration else _composite_ports(self.composite)
        inputs = wire_ports(self.scope, self.name, self.used, ports, self.node, self.place)
        if self.name in self.world.bypass and not self.scope.prefix:
            return self._bypassed(ports, inputs)
        if "repeat" in self.node.items:
            return self._repeated(inputs)
        return self._once(f"{self.scope.prefix}{self.name}", inputs)

    def _no_parameter(self, name: str, place: Place) -> None:
        known, message = list(self.scope.params), f"the block `{self.scope.within[-1]}` has no parameter `{name}`"
        expected = f"one of {', '.join(known)}" if known else "no `$`: the block has no `params:`"
        self.world.error("unknown-parameter", message, place, expected, nearest(name, known))

    def _bypassed(self, ports: tuple[Port, ...], inputs: dict[str, Value]) -> dict[str, Value]:
        taken = as_taken(ports, inputs) if self.declaration else inputs
        first = taken.get(ports[0].name) if ports else None
        output = self.declaration.outputs[0].name if self.declaration else "out"
        return {} if first is None else {output: first}

    # --- one copy -------------------------------------------------------------------------------------------------

    def _once(self, path: str, inputs: dict[str, Value]) -> dict[str, Value]:
        params = {key: value for key, value in plain(self.full).items() if key not in WIRING_KEYS}
        if self.composite is not None:
            return self._composite(path, self.composite, inputs, params)
        assert self.declaration is not None
        inputs = as_taken(self.declaration.inputs, inputs)
        self.steps.append(Step(path, "block", self.declaration, params, inputs, self._shared(), self.place, self.node))
        return {port.name: Ref(path, port.name, many=port.many) for port in self.declaration.outputs}

    def _shared(self) -> str | None:
        """The step whose weights this one uses."""
        tree = self.node.get("share")
        if not isinstance(tree, Scalar):
            return None
        owner = str(tree.value)
        other = self.scope.nodes.items.get(owner)
        if not isinstance(other, Mapping) or owner == self.name:
            known = [name for name in self.scope.nodes.items if name != self.name]
            message = f"there is no node `{owner}` to share weights with"
            self.world.error("unknown-node", message, tree.place, None, nearest(owner, known))
        elif _used(self.scope, other) != self.used or {"repeat", "share"} & set(other.items):
            expected = f"a single node that uses `{self.used}` with weights of its own"
            self.world.error("share", f"`{self.name}` cannot use the weights of `{owner}`", tree.place, expected)
        else:
            return f"{self.scope.prefix}{owner}"
        return None

    # --- composites -----------------------------------------------------------------------------------------------

    def _composite(
        self, path: str, body: Mapping, inputs: dict[str, Value], params: dict[str, Any]
    ) -> dict[str, Value]:
        inner, defaults = body.get("model"), body.get("params")
        if not isinstance(inner, Mapping):
            return {}
        values = {**(plain(defaults) if isinstance(defaults, Mapping) else {}), **params}
        for key in (key for key, value in values.items() if value is None):
            place = place_of(self.node, ("use",))
            self.world.error(
                "missing-parameter", f"the block `{self.used}` needs `{key}`", place, f"a value: `{key}` has no default"
            )
        scope = Scope(self.world, inner, f"{path}.", inputs, values, (*self.scope.within, self.used))
        self.steps += expand(scope)
        outputs = _outputs(scope, body)
        for name in unread(edges(inner), heads(body.get("outputs"), inner)):
            self.world.notes.append(f"`{name}` of the block `{self.used}` is read by nothing and left out")
        return outputs

    # --- repeat ---------------------------------------------------------------------------------------------------

    def _repeated(self, inputs: dict[str, Value]) -> dict[str, Value]:
        if any(faults(self.full, {"properties": NODE_KEYS})):
            return {}
        carried, collected = _names(self.node, "carry"), _names(self.node, "collect")
        base = f"{self.scope.prefix}{self.name}"
        copies: list[dict[str, Value]] = []
        for index in range(int(plain(self.full)["repeat"])):
            if copies:
                inputs = {**inputs, **{port: copies[-1][port] for port in carried if port in copies[-1]}}
            copies.append(self._once(f"{base}.{index}", inputs))
        if not copies[0]:
            return {}
        self._check_names("carry", set(inputs) & set(copies[0]), "a port that is both input and output")
        self._check_names("collect", set(copies[0]), "an output port")
        if not carried and not collected:
            message = f"`{self.name}` is repeated, but nothing says how its copies join"
            self.world.error("repeat", message, self.place, "`carry:` or `collect:`")
        last = {port: copies[-1][port] for port in carried if port in copies[-1]}
        return last | {port: self._stack(f"{base}.{port}", port, copies) for port in collected if port in copies[0]}

    def _stack(self, path: str, port: str, copies: list[dict[str, Value]]) -> Ref:
        values = tuple(value.one for copy in copies if isinstance(value := copy.get(port), Ref))
        self.steps.append(Step(path, "stack", None, {}, {"tensors": values}, None, self.place, self.node))
        return Ref(path, "out")

    def _check_names(self, key: str, valid: set[str], expected: str) -> None:
        listed = self.node.get(key)
        for item in listed.items if isinstance(listed, Sequence) else ():
            if isinstance(item, Scalar) and item.value not in valid:
                message, known = f"`{self.name}` cannot {key} `{item.value}`", ", ".join(sorted(valid)) or "none"
                close = nearest(str(item.value), valid)
                self.world.error("unknown-port", message, item.place, f"{expected}: {known}", close)


def _used(scope: Scope, node: Mapping) -> str:
    """The block that a node uses: its own ``use``, or that of the node whose weights it shares."""
    used, share = node.get("use"), node.get("share")
    if used is None and isinstance(share, Scalar):
        other = scope.nodes.items.get(str(share.value))
        used = other.get("use") if isinstance(other, Mapping) else None
    return str(used.value) if isinstance(used, Scalar) else ""


def _outputs(scope: Scope, body: Mapping) -> dict[str, Value]:
    outputs = body.get("outputs")
    if outputs is None:
        return {}
    named = outputs.items if isinstance(outputs, Mapping) else {"out": outputs}
    found = {port: scope.reference(tree) for port, tree in named.items()}
    return {port: value for port, value in found.items() if value is not None}


def _names(node: Mapping, key: str) -> list[str]:
    listed = node.get(key)
    return (
        [str(item.value) for item in listed.items if isinstance(item, Scalar)] if isinstance(listed, Sequence) else []
    )


def _composite_ports(body: Mapping | None) -> tuple[Port, ...]:
    names = _names(body, "inputs") if body else []
    return tuple(Port(name, None, "any", False, False, "") for name in names)
