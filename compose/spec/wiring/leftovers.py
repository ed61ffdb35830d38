"""What only serves a removed part goes with it: nodes and losses that read it, and what stages say of them.

A node that nothing reads is left out of the model, too. Each is told in a note. A name that never was stays a mistake,
which the wiring finds.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from collections.abc import Mapping as MappingType
from dataclasses import replace
from fnmatch import fnmatchcase

from compose.block import Kind
from compose.errors import SpecError
from compose.registry.declaration import Declaration, Parameter
from compose.registry.registry import Registry
from compose.spec.layers.merge import Removed
from compose.spec.schema.node_keys import selector
from compose.spec.wiring.mentions import edges, heads, order, reached, texts
from compose.spec.wiring.unwire import unwired
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree, place_of, without

SCORES = "scores"
"""The node that scores the labels where the spec does not say which."""


class Leftovers:
    """Takes what a removal left behind out of a spec.

    Args:
        tree: the checked spec.
        removed: section -> name -> what removed it.
        registry: what the names mean.

    Attributes:
        tree: the spec without leftovers; nodes that nothing reads are still there, so that they can be checked.
        notes: what was left out, and why.
        errors: stages that have nothing to do although nothing was removed, since nothing reads what they name.
        unread: the nodes that nothing reads.
    """

    def __init__(self, tree: Mapping, removed: MappingType[str, MappingType[str, Removed]], registry: Registry) -> None:
        self.tree, self.registry = tree, registry
        self.notes: list[str] = []
        self.errors: list[SpecError] = []
        self._gone = {section: set(removed.get(section, ())) for section in ("model", "loss")}
        removes = any(self._gone.values())
        self._nodes()
        self._losses()
        self._attention()
        self.unread = self._unread()
        if any(self._gone.values()):
            self._stages(removes=removes)
            self._evaluate()

    @property
    def read(self) -> Mapping:
        """The spec without the nodes that nothing reads."""
        if not self.unread:
            return self.tree
        bypass = self.tree.get("bypass")
        left = _without_items(bypass, self.unread) if isinstance(bypass, Sequence) else bypass
        return _changed(self.tree, model=without(self._section("model"), self.unread), bypass=left)

    # --- what reads something removed -------------------------------------------------------------------------------

    def _nodes(self) -> None:
        """Nodes that read a removed one and cannot do without; those that the scores need stay, as mistakes."""
        if not self._gone["model"]:
            return
        broken: set[str] = set()
        for name in order(edges(self._section("model")))[0]:
            gone = self._without_wires("model", "block", name, broken)
            if gone:
                broken.add(name)
        model = self._section("model")
        lost = broken - reached(edges(model), self._scores())
        for name in (name for name in model.items if name in lost):
            gone = self._of_removed(model.items[name], broken)
            self.notes.append(f"`{name}` reads `{gone}`, which is removed, and is left out")
        self._drop("model", lost)

    def _losses(self) -> None:
        broken = set()
        for name in self._section("loss").items if self._gone["model"] else ():
            gone = self._without_wires("loss", "loss", name)
            if gone:
                broken.add(name)
                self.notes.append(f"the loss `{name}` reads `{gone}`, which is removed, and is left out")
        self._drop("loss", broken)

    def _without_wires(self, section: str, kind: Kind, name: str, more: Collection[str] = ()) -> str:
        """Take the wires from removed nodes out of the ports that can do without; returns a removed node still read.

        Args:
            section: ``model`` or ``loss``.
            kind: what stands there.
            name: the node or loss.
            more: nodes that count as removed, too.
        """
        nodes = self._section(section)
        node = nodes.items[name]
        if not isinstance(node, Mapping):
            return ""
        used = node.get("use")
        found = self.registry.find(kind, str(used.value)) if isinstance(used, Scalar) else None
        left = unwired(node, found, lambda text: self._is_gone(text, more)) if found else node
        if left is not node:
            lost = [text for text in texts(node.get("in")) if text not in texts(left.get("in"))]
            self.notes.append(f"`{name}` goes without `{'`, `'.join(lost)}`, which is removed")
            self.tree = _changed(self.tree, **{section: replace(nodes, items={**nodes.items, name: left})})
        return self._of_removed(left, more)

    def _is_gone(self, reference: str, more: Collection[str] = ()) -> bool:
        head = reference.split(".")[0]
        return head in self._gone["model"] or head in more

    def _of_removed(self, node: Tree, more: Collection[str] = ()) -> str:
        """A removed node that a node or loss reads, or whose weights it shares; "" where there is none."""
        if not isinstance(node, Mapping):
            return ""
        named = [*texts(node.get("in")), *texts(node.get("share"))]
        return next((text.split(".")[0] for text in named if self._is_gone(text, more)), "")

    def _attention(self) -> None:
        """The key ``attention``, and entries of ``bypass``, that name a removed node."""
        named, bypass = self.tree.get("attention"), self.tree.get("bypass")
        if isinstance(named, Scalar) and self._is_gone(str(named.value)):
            self.notes.append(f"`attention: {named.value}` names a node that is removed, and is left out")
            self.tree = _changed(self.tree, attention=None)
        if isinstance(bypass, Sequence):
            self.tree = _changed(self.tree, bypass=_without_items(bypass, self._gone["model"]))

    def _drop(self, section: str, names: Collection[str]) -> None:
        if names:
            self._gone[section] |= set(names)
            left = without(self._section(section), names)
            self.tree = _changed(self.tree, **{section: left if left.items else None})

    # --- what nothing reads -----------------------------------------------------------------------------------------

    def _unread(self) -> list[str]:
        model = self._section("model")
        attention = heads(self.tree.get("attention"), model)
        terms = [term for term in self._section("loss").items.values() if isinstance(term, Mapping)]
        losses = [head for term in terms for head in heads(term.get("in"), model)]
        reads = edges(model)
        used = reached(reads, [*self._scores(), *attention, *losses])
        found = [name for name in model.items if name not in used] if self._scores() else []
        feeding = {read for name in found for read in reads[name]}
        for name in found:
            why = "is read by nothing that is trained or scored" if name in feeding else "is read by nothing"
            self.notes.append(f"`{name}` {why} and left out")
        self._gone["model"] |= set(found)
        return found

    def _scores(self) -> list[str]:
        named, model = self.tree.get("scores"), self._section("model")
        if named is not None:
            return heads(named, model)
        return [SCORES] if SCORES in model.items else []

    # --- what is said of it -----------------------------------------------------------------------------------------

    def _stages(self, *, removes: bool) -> None:
        stages = self._section("train")
        items: dict[str, Tree] = {}
        for name, stage in stages.items.items():
            left, idle = self._said(stage, "stage")
            if idle and not removes:
                items[name] = stage
                self.errors.append(_without_work(name, stage, idle))
            elif idle:
                self.notes.append(f"the stage `{name}` is left out: `{idle}` names only what is removed")
            else:
                items[name] = left
        if items != stages.items:
            left = without(replace(stages, items={**stages.items, **items}), set(stages.items) - set(items))
            self.tree = _changed(self.tree, train=left if items else None)

    def _evaluate(self) -> None:
        evaluate, found = self.tree.get("evaluate"), self.registry.find("section", "evaluate")
        if isinstance(evaluate, Mapping) and found:
            self.tree = _changed(self.tree, evaluate=self._without_names(evaluate, found)[0])

    def _said(self, tree: Tree, kind: Kind) -> tuple[Tree, str]:
        """What is left of a mapping that names a class, and a parameter that leaves it nothing to do ("" for none)."""
        named = tree.get(selector(kind)) if isinstance(tree, Mapping) else None
        found = self.registry.find(kind, str(named.value)) if isinstance(named, Scalar) else None
        return self._without_names(tree, found) if isinstance(tree, Mapping) and found else (tree, "")

    def _without_names(self, tree: Mapping, declaration: Declaration) -> tuple[Mapping, str]:
        idle = ""
        for parameter, value in _naming(tree, declaration):
            left = self._left(value, parameter)
            if left is value:
                continue
            empty = not left.items
            idle = idle or (parameter.name if empty and parameter.needed else "")
            tree = _changed(tree, **{parameter.name: None if empty else left})
        return tree, idle

    def _left(self, value: Sequence | Mapping, parameter: Parameter) -> Sequence | Mapping:
        """A list or mapping of names without those that only mean what is removed."""
        if isinstance(value, Mapping):
            lost = [key for key in value.items if self._is_lost(key, parameter)]
            return without(value, lost) if lost else value
        items = tuple(i for i in value.items if not (isinstance(i, Scalar) and self._is_lost(str(i.value), parameter)))
        return replace(value, items=items) if len(items) < len(value.items) else value

    def _is_lost(self, pattern: str, parameter: Parameter) -> bool:
        section = "loss" if parameter.refers == "losses" else "model"
        left = [name for name in self._section(section).items if section == "loss" or name not in self.unread]
        return _matches(pattern, self._gone[section]) and not _matches(pattern, left)

    def _section(self, name: str) -> Mapping:
        found = self.tree.get(name)
        return found if isinstance(found, Mapping) else Mapping(self.tree.place, {}, {})


def _without_work(name: str, stage: Tree, parameter: str) -> SpecError:
    message = f"the stage `{name}` has nothing to do: nothing reads what its `{parameter}` names"
    place, expected = place_of(stage, (parameter,)), "a node that the scores or a loss depend on"
    return SpecError("bad-parameter", message, place, expected)


def _naming(tree: Mapping, declaration: Declaration) -> Iterator[tuple[Parameter, Sequence | Mapping]]:
    for parameter in declaration.parameters:
        value = tree.get(parameter.name)
        if parameter.refers and isinstance(value, Sequence | Mapping):
            yield parameter, value


def _matches(pattern: str, names: Collection[str]) -> bool:
    return any(fnmatchcase(name, pattern) for name in names)


def _without_items(listed: Sequence, names: Collection[str]) -> Sequence | None:
    """A list of names without some; None where nothing is left."""
    items = tuple(item for item in listed.items if not (isinstance(item, Scalar) and item.value in names))
    return replace(listed, items=items) if items else None


def _changed(tree: Mapping, **values: Tree | None) -> Mapping:
    """The mapping with other values for keys that it has; None takes a key out."""
    items: dict[str, Tree] = {}
    for key, old in tree.items.items():
        new = values.get(key, old) if key in values else old
        if new is not None:
            items[key] = new
    return replace(tree, items=items, keys={key: tree.keys[key] for key in items})
