"""What feeds each input port of a node: ``in:`` by order or by name, then the names of the reserved inputs."""

from __future__ import annotations

from compose.errors import Place, nearest
from compose.registry.declaration import Port
from compose.spec.wiring.plan import Ref, Value, refs
from compose.spec.wiring.reserved import RESERVED
from compose.spec.wiring.scope import Scope
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree

FED = {given.port: given.name for given in RESERVED.values()}
"""Port name -> the reserved input that feeds it where it is not wired."""


def wire_ports(
    scope: Scope, name: str, used: str, ports: tuple[Port, ...], node: Mapping, place: Place
) -> dict[str, Value]:
    """What feeds each port of a node.

    Args:
        scope: where its feeds are looked up.
        name: the node, ``used`` the block that it uses.
        used: the block's name.
        ports: the block's input ports.
        node: the node as written.
        place: where the node stands, for an input that is missing.
    """
    tree = node.get("in")
    before = len(scope.world.errors)
    if isinstance(tree, Mapping):
        wired = _by_name(scope, used, ports, tree)
    else:
        wired = _by_order(scope, name, ports, tree) if tree is not None else {}
    if tree is not None and (len(scope.world.errors) > before or _waits(scope, tree)):
        return wired  # what is wrong is told, and a port that could not be wired is fed by nothing else
    unwired, place = _nulls(tree), node.gone.get("in", place)
    for port in ports:
        given = FED.get(port.name)
        if port.name in wired or (port.optional and port.name in unwired):
            continue
        if given and not scope.world.reserved[given]:
            wired[port.name] = Ref("", given)
        elif not port.optional:
            why = f": {scope.world.reserved[given]}" if given else ""
            message = f"the input `{port.name}` of `{name}` is not wired{why}"
            expected, notes = f"the inputs of `{used}`: {_listed(ports)}", scope.world.nulls.get(given or "", ())
            scope.world.error("missing-input", message, place, expected, None, notes)
    return wired


def _waits(scope: Scope, tree: Tree) -> bool:
    """Whether an input of this node could not be wired itself, so that more errors would say nothing new."""
    from compose.spec.wiring.mentions import heads

    return any(not scope.exports.get(head) for head in heads(tree, scope.nodes))


def _by_name(scope: Scope, used: str, ports: tuple[Port, ...], tree: Mapping) -> dict[str, Value]:
    known = [port.name for port in ports]
    wired: dict[str, Value] = {}
    for key, feed in tree.items.items():
        if key in known and key in _nulls(tree):
            continue
        if key not in known:
            message, expected = f"`{used}` has no input `{key}`", f"one of {', '.join(known)}"
            scope.world.error("unknown-port", message, tree.keys[key], expected, nearest(key, known))
        elif (value := value_of(scope, feed)) is not None:
            wired[key] = value
    return wired


def _nulls(tree: Tree | None) -> list[str]:
    """The ports set to null: an optional one is fed by nothing, any other as if it were not mentioned."""
    items = tree.items.items() if isinstance(tree, Mapping) else ()
    return [key for key, feed in items if isinstance(feed, Scalar) and feed.value is None]


def _by_order(scope: Scope, name: str, ports: tuple[Port, ...], tree: Tree) -> dict[str, Value]:
    """What is fed, in port order; a list port that comes first takes all that the later ports leave."""
    feeds: list[Tree | list[Tree]] = list(tree.items) if isinstance(tree, Sequence) else [tree]
    if len(feeds) > 1 and ports and ports[0].many and not isinstance(feeds[0], Sequence):
        later = sum(not port.optional and port.name not in FED for port in ports[1:])
        cut = len(feeds) - later
        feeds = [[feed for feed in feeds[:cut] if not isinstance(feed, list)], *feeds[cut:]]
    if len(feeds) > len(ports):
        extra = feeds[len(ports)]
        message = f"`{name}` is wired to {len(feeds)} inputs, its block takes {len(ports)}"
        place = extra[0].place if isinstance(extra, list) else extra.place
        scope.world.error("too-many-inputs", message, place, _listed(ports))
    found = {port.name: value_of(scope, feed) for port, feed in zip(ports, feeds, strict=False)}
    return {port: value for port, value in found.items() if value is not None}


def value_of(scope: Scope, feed: Tree | list[Tree]) -> Value | None:
    """What a reference, or a list of them, means."""
    if isinstance(feed, Sequence):
        feed = list(feed.items)
    if not isinstance(feed, list):
        return scope.reference(feed)
    found = [scope.reference(item) for item in feed]
    return tuple(ref for value in found if value for ref in refs(value)) if all(found) else None


def as_taken(ports: tuple[Port, ...], wired: dict[str, Value]) -> dict[str, Value]:
    """What feeds each port of a block in the form that the port takes: one tensor, or a list of them.

    One tensor at a list port is a list of one, and the only tensor of a list may feed a port that takes one.
    """
    many = {port.name: port.many for port in ports}
    return {name: _taken(value, many=many[name]) for name, value in wired.items()}


def _taken(value: Value, *, many: bool) -> Value:
    if many and isinstance(value, Ref) and value.many:
        return value
    items = tuple(ref.one for ref in refs(value))
    return items if many or len(items) > 1 else items[0]


def _listed(ports: tuple[Port, ...]) -> str:
    return ", ".join(f"{port.name} ({port.shape})" for port in ports)
