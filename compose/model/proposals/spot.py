"""Where in the spec something is wired, and the overlay that wires something else there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from compose.errors import Place
from compose.model.failures.misfit import End
from compose.spec.wiring.plan import Ref, Value, refs
from compose.spec.yaml.tree import Mapping as MappingTree
from compose.spec.yaml.tree import Path, Plain, Scalar, Sequence, Tree, descend, plain
from compose.spec.yaml.writer import flow, scalar


@dataclass(frozen=True)
class Feed:
    """One value that reaches a port.

    Args:
        port: the port.
        index: which item of a list that the spec writes out; None for a value by itself.
        ref: the value.
        text: how the spec names it, as seen from the node; "" where no text names it, as in the copies of a repeat.
    """

    port: str
    index: int | None
    ref: Ref
    text: str


@dataclass(frozen=True)
class Spot:
    """What is wired at a node, a term of the loss, or an end of the model.

    Args:
        path: its keys in the spec; for a node or term those above its ``in``.
        section: the keys of the nodes beside it, where a new one would stand.
        prefix: the path of the composite that it stands in, with a dot at the end; "" in the model.
        feeds: what reaches it.
        tree: its ``in`` as written; None where there is none.
        is_end: whether the spec names a value there, and no inputs.
    """

    path: Path
    section: Path
    prefix: str
    feeds: tuple[Feed, ...]
    tree: Tree | None
    is_end: bool = False

    def overlay(self, texts: Mapping[Feed, str], nodes: Mapping[str, Plain]) -> dict[str, Any]:
        """What is laid over the spec for other feeds, and new nodes.

        Args:
            texts: feed -> what feeds the port instead; a feed that is not among ``feeds`` is a new one.
            nodes: new nodes by name.
        """
        found: dict[str, Any] = {}
        for name, node in nodes.items():
            _put(found, (*self.section, name), node)
        if self.is_end:
            _put(found, self.path, next(iter(texts.values())))
        else:
            _put(found, (*self.path, "in"), self._wiring(texts))
        return found

    def _wiring(self, texts: Mapping[Feed, str]) -> Plain:
        wired = [(feed, text) for feed, text in texts.items() if feed in self.feeds]
        places = {feed.ref.place: text for feed, text in wired if feed.ref.place}
        if len(places) == len(texts) and isinstance(self.tree, MappingTree):
            ports = {feed.port for feed in texts}
            return {port: _with_texts(tree, places) for port, tree in self.tree.items.items() if port in ports}
        if len(places) == len(texts) and self.tree is not None:
            return _with_texts(self.tree, places)
        return self._by_name(texts)

    def _by_name(self, texts: Mapping[Feed, str]) -> dict[str, Plain]:
        """Each port with what feeds it; those that their names alone feed are left to them."""
        wiring: dict[str, Plain] = {}
        for feed in (*self.feeds, *(feed for feed in texts if feed not in self.feeds)):
            if feed.ref.place is None and feed not in texts:
                continue
            text = texts.get(feed, feed.text)
            if feed.index is None:
                wiring[feed.port] = text
            else:
                wiring.setdefault(feed.port, []).append(text)
        return wiring


def spot_of_end(end: End, tree: MappingTree) -> Spot:
    """Where a spec names what leaves the model."""
    named = descend(tree, end.path)
    text = str(named.value) if isinstance(named, Scalar) else end.value.step
    return Spot(end.path, ("model",), "", (Feed("", None, end.value, text),), None, is_end=True)


def spot_of_node(name: str, inputs: Mapping[str, Value], tree: MappingTree) -> Spot | None:
    """Where a node or a term of the loss stands in a spec; None where no line of it says what feeds it.

    Args:
        name: its path.
        inputs: what feeds it.
        tree: the resolved spec.
    """
    parts = name.split(".")
    is_term = parts[0] == "loss"
    found = (tuple(parts), "") if is_term else _node_path(parts, ("model",), "", tree)
    if found is None:
        return None
    path, prefix = found
    wiring = descend(tree, (*path, "in"))
    texts = list(_texts(wiring)) if wiring is not None else []
    if len(dict(texts)) < len(texts):  # an override's references all stand at one place
        wiring = None
        feeds = tuple(replace(feed, text=_name(feed.ref)) for feed in feeds_of(inputs))
    else:
        feeds = tuple(feeds_of(inputs, dict(texts)))
    section = ("model",) if is_term else path[:-1]
    return Spot(path, section, prefix, feeds, wiring) if all(feed.text for feed in feeds) else None


def written(overlay: Mapping[str, Any], indent: int = 0) -> str:
    """An overlay as YAML, each node on a line."""
    lines = ""
    for key, value in overlay.items():
        head = f"{' ' * indent}{scalar(key)}:"
        is_section = isinstance(value, dict) and not {"use", "in"} & set(value)
        lines += f"{head}\n{written(value, indent + 2)}" if is_section else f"{head} {flow(value)}\n"
    return lines


def names_in(section: Path, tree: MappingTree) -> set[str]:
    """The nodes of a section."""
    nodes = descend(tree, section)
    return set(nodes.items) if isinstance(nodes, MappingTree) else set()


def _node_path(parts: list[str], section: Path, prefix: str, tree: MappingTree) -> tuple[Path, str] | None:
    """The keys of a step's node, and the path of the composite around it.

    Args:
        parts: the step's name below ``prefix``, in parts.
        section: the keys of the nodes there.
        prefix: the path of the composite that they are in.
        tree: the spec.
    """
    first, *rest = parts
    node = descend(tree, (*section, first))
    if not isinstance(node, MappingTree):
        return None
    inner = f"{prefix}{first}."
    if rest and "repeat" in node.items:
        inner, rest = f"{inner}{rest[0]}.", rest[1:]
    if not rest:
        return (*section, first), prefix
    used = node.get("use")
    return _node_path(rest, ("blocks", str(plain(used)), "model"), inner, tree) if used else None


def _texts(tree: Tree) -> Iterator[tuple[Place, str]]:
    """Every reference of an ``in`` by its place."""
    match tree:
        case Scalar(value=str(text)):
            yield tree.place, text
        case Sequence():
            for item in tree.items:
                yield from _texts(item)
        case MappingTree():
            for item in tree.items.values():
                yield from _texts(item)


def feeds_of(inputs: Mapping[str, Value], written: Mapping[Place, str] | None = None) -> Iterator[Feed]:
    """What reaches each port, one by one.

    Args:
        inputs: what feeds the ports.
        written: the references of the node by their places, where the spec's names for the values are wanted.
    """
    for port, value in inputs.items():
        listed = isinstance(value, tuple)
        for index, ref in enumerate(refs(value)):
            yield Feed(port, index if listed else None, ref, "" if written is None else _text(ref, written))


def _text(ref: Ref, written: Mapping[Place, str]) -> str:
    if ref.place is None:
        return "" if ref.step else ref.port
    return written.get(ref.place, "")


def _name(ref: Ref) -> str:
    """How any node of the model may name a value; "" for what stands in a composite."""
    return "" if "." in ref.step else str(ref)


def _with_texts(tree: Tree, texts: Mapping[Place, str]) -> Plain:
    """A tree as plain data, with other texts at some places."""
    match tree:
        case MappingTree():
            return {key: _with_texts(value, texts) for key, value in tree.items.items()}
        case Sequence():
            return [_with_texts(item, texts) for item in tree.items]
    return texts.get(tree.place, plain(tree))


def _put(tree: dict[str, Any], path: Path, value: Plain) -> None:
    for step in path[:-1]:
        tree = tree.setdefault(str(step), {})
    tree[str(path[-1])] = value
