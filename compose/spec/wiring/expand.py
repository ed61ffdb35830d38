"""Nodes to steps: one for each block, those inside for a composite, a copy for each repeat."""

from __future__ import annotations

from dataclasses import replace
from functools import cached_property
from typing import Any

from compose.errors import Note, Place, nearest
from compose.registry.declaration import Declaration, Parameter, Port
from compose.spec.schema.composite_parameters import described
from compose.spec.schema.faults import faults, validator
from compose.spec.schema.node_keys import NODE_KEYS, placeholder
from compose.spec.wiring.composite_ports import CompositePorts, read_ports
from compose.spec.wiring.fill import fill, mistakes
from compose.spec.wiring.inputs import as_taken, value_of, wire_ports
from compose.spec.wiring.mentions import edges, heads, order, texts, unread
from compose.spec.wiring.plan import Ref, Step, Value
from compose.spec.wiring.reserved import RESERVED
from compose.spec.wiring.scope import Scope, WiredComposite, World
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, leaves, plain

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
            wired = _Node(scope, name, node, steps)
            scope.exports[name] = wired.wire()
            if wired.composite:
                scope.world.wired[f"{scope.prefix}{name}"] = WiredComposite(wired.inputs, scope.exports[name])
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
        self.inputs: dict[str, Value] = {}
        self.used = _used(scope, node)
        body = self.world.composites.get(self.used)
        self.composite = body if isinstance(body, Mapping) else None
        self.declaration = None if self.composite else self.world.registry.find("block", self.used)
        self.full = fill(node, scope.params, self._no_parameter) if scope.prefix else node

    def wire(self) -> dict[str, Value]:
        """Append the node's steps and return its output ports; none where the node is at fault."""
        if self.composite is None and self.declaration is None:
            if not self.used:
                self._shared()
            return {}
        if self.scope.prefix:
            for error in mistakes(self.node, self.full, self.declaration, self.world.registry):
                self.world.errors.append(replace(error, notes=(*error.notes, *self.world.uses)))
        ports = self.ports.inputs
        inputs = wire_ports(self.scope, self.name, self.used, ports, self.node, self.place)
        if self.composite:
            inputs = _with_lists(ports, inputs)
        self.inputs = inputs
        if self._check_lengths(inputs):
            return {}
        if self.name in self.world.bypass and not self.scope.prefix:
            return self._bypassed(ports, inputs)
        if "repeat" in self.node.items:
            return self._repeated(inputs)
        return self._once(f"{self.scope.prefix}{self.name}", inputs)

    def _check_lengths(self, inputs: dict[str, Value]) -> bool:
        """Whether a list is longer or shorter than the composite takes it."""
        wrong = False
        for port, length in self.ports.lengths.items():
            value = inputs.get(port)
            if isinstance(value, tuple) and len(value) != length:
                message = f"`{port}` of the block `{self.used}` is wired to {len(value)} of {length} tensors"
                if len(value) > length:
                    message = f"`{port}` of the block `{self.used}` is wired to {len(value)} tensors and takes {length}"
                self.world.error("list-length", message, value[0].place or self.place, f"a list of {length}")
                wrong = True
        return wrong

    def _no_parameter(self, name: str, place: Place) -> None:
        known, message = list(self.scope.params), f"the block `{self.scope.within[-1]}` has no parameter `{name}`"
        expected = f"one of {', '.join(known)}" if known else "no `$`: the block has no `params:`"
        self.world.error("unknown-parameter", message, place, expected, nearest(name, known))

    def _bypassed(self, ports: tuple[Port, ...], inputs: dict[str, Value]) -> dict[str, Value]:
        taken = as_taken(ports, inputs) if self.declaration else inputs
        first, outputs = taken.get(ports[0].name) if ports else None, self.ports.outputs
        return {} if first is None or not outputs else {outputs[0].name: first}

    # --- one copy -------------------------------------------------------------------------------------------------

    def _once(self, path: str, inputs: dict[str, Value]) -> dict[str, Value]:
        params = {key: value for key, value in plain(self.full).items() if key not in WIRING_KEYS}
        if self.composite is not None:
            return self._composite(path, self.composite, inputs, params)
        assert self.declaration is not None
        inputs = as_taken(self.declaration.inputs, inputs)
        step = Step(path, "block", self.declaration, params, inputs, self._shared(), self.place, self.node)
        self.world.expansion.step(self.place, self.world.uses)
        self.steps.append(replace(step, within=self.world.within))
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
            message = f"there is no other node `{owner}` to share weights with"
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
        values = {**(plain(defaults) if isinstance(defaults, Mapping) else {}), **self._fitting(params)}
        world = replace(self.world, within=(*self.world.within, self._as_step(path, inputs)))
        unwired = [port.name for port in self.ports.inputs if port.optional and port.name not in inputs]
        within = (*self.scope.within, self.used)
        scope = Scope(world, inner, f"{path}.", inputs, values, within, {}, unwired, self.ports.lengths)
        self.steps += expand(scope)
        self.world.notes.extend(_unread(self.used, body, inner))
        return _outputs(scope, body)

    def _as_step(self, path: str, inputs: dict[str, Value]) -> Step:
        """The composite as if it were one block."""
        ports = self.ports
        declaration = Declaration(
            "composite", self.used, "", "", "", "", "", (), inputs=ports.inputs, outputs=ports.outputs
        )
        fed = as_taken(ports.inputs, inputs)
        return Step(path, "block", declaration, {}, fed, None, self.place, self.node, self.world.within)

    def _fitting(self, params: dict[str, Any]) -> dict[str, Any]:
        """The values that a composite's nodes can take; the schema check tells of the others."""
        taken = {parameter.name: parameter for parameter in self.world.parameters.of(self.used)}
        return {key: value if key in taken and _fits(value, taken[key]) else None for key, value in params.items()}

    @cached_property
    def ports(self) -> CompositePorts:
        """The ports of the block or composite."""
        if self.declaration:
            return CompositePorts(self.declaration.inputs, self.declaration.outputs)
        if self.composite is None:
            return CompositePorts()
        return composite_ports(self.world, self.used, self.composite, (*self.scope.within, self.used))

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
        step = Step(path, "stack", None, {}, {"tensors": values}, None, self.place, self.node)
        self.steps.append(replace(step, within=self.world.within))
        return Ref(path, "out")

    def _check_names(self, key: str, valid: set[str], expected: str) -> None:
        listed = self.node.get(key)
        for item in listed.items if isinstance(listed, Sequence) else ():
            if isinstance(item, Scalar) and item.value not in valid:
                message, known = f"`{self.name}` cannot {key} `{item.value}`", ", ".join(sorted(valid)) or "none"
                close = nearest(str(item.value), valid)
                self.world.error("unknown-port", message, item.place, f"{expected}: {known}", close)


def alone(world: World, name: str, body: Mapping, within: tuple[str, ...]) -> tuple[list[Step], dict[str, Value]]:
    """The steps and outputs of a composite that stands by itself: its inputs are ports of a step of its name.

    Args:
        world: where its mistakes are collected.
        name: the composite.
        body: what it is.
        within: the composites that are open, this one last.
    """
    inner, defaults = body.get("model"), body.get("params")
    if not isinstance(inner, Mapping):
        return [], {}
    values = plain(defaults) if isinstance(defaults, Mapping) else {}
    inputs: dict[str, Value] = {port: Ref(name, port) for port in _names(body, "inputs")}
    scope = Scope(world, inner, f"{name}.", inputs, values, within)
    world.notes.extend(_unread(name, body, inner))
    return expand(scope), _outputs(scope, body)


def _unread(name: str, body: Mapping, nodes: Mapping) -> list[str]:
    """What to tell of a composite's nodes, inputs and parameters that nothing reads."""
    lost = unread(edges(nodes), heads(body.get("outputs"), nodes))
    told = [f"`{node}` of the block `{name}` is read by nothing and left out" for node in lost]
    wires = [node.get("in") for node in nodes.items.values() if isinstance(node, Mapping)]
    read = {text.split(".")[0] for tree in (*wires, body.get("outputs")) for text in texts(tree)}
    idle = [port for port in _names(body, "inputs") if port not in read]
    told += [f"the input `{port}` of the block `{name}` is read by nothing" for port in idle]
    params = body.get("params")
    named = {placeholder(scalar) for _, scalar in leaves(nodes)}
    unused = [key for key in params.items if key not in named] if isinstance(params, Mapping) else []
    return told + [f"the parameter `{key}` of the block `{name}` is read by nothing" for key in unused]


def composite_ports(world: World, name: str, body: Mapping, within: tuple[str, ...]) -> CompositePorts:
    """The ports of a composite, read off it as it stands by itself."""
    if name not in world.ports:
        bare = replace(
            world, reserved=dict.fromkeys(RESERVED, ""), errors=[], bypass=frozenset(), notes=[], unread=(), wired={}
        )
        steps, outputs = alone(bare, name, body, within)
        world.ports[name] = read_ports(name, _names(body, "inputs"), steps, outputs, text=described(body))
    return world.ports[name]


def _with_lists(ports: tuple[Port, ...], inputs: dict[str, Value]) -> dict[str, Value]:
    """What feeds a composite, one tensor at a port that takes a list as a list of one."""
    many = {port.name for port in ports if port.many}
    alone = {name: (value,) for name, value in inputs.items() if isinstance(value, Ref) and not value.many}
    return {name: alone.get(name, value) if name in many else value for name, value in inputs.items()}


def _fits(value: Any, parameter: Parameter) -> bool:
    return bool(validator()(parameter.schema).is_valid(value))


def _used(scope: Scope, node: Mapping) -> str:
    """The block that a node uses: its own ``use``, or that of the node whose weights it shares, however indirectly."""
    asked: set[str] = set()
    while "use" not in node.items and isinstance(share := node.get("share"), Scalar) and str(share.value) not in asked:
        asked.add(str(share.value))
        other = scope.nodes.items.get(str(share.value))
        if not isinstance(other, Mapping):
            return ""
        node = other
    used = node.get("use")
    return str(used.value) if isinstance(used, Scalar) else ""


def _outputs(scope: Scope, body: Mapping) -> dict[str, Value]:
    outputs = body.get("outputs")
    if outputs is None:
        return {}
    named = outputs.items if isinstance(outputs, Mapping) else {"out": outputs}
    found = {port: value_of(scope, tree) for port, tree in named.items()}
    return {port: value for port, value in found.items() if value is not None}


def _names(node: Mapping, key: str) -> list[str]:
    listed = node.get(key)
    return (
        [str(item.value) for item in listed.items if isinstance(item, Scalar)] if isinstance(listed, Sequence) else []
    )
