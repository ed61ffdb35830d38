"""Check a resolved spec against the schema, and say every mistake at its place in the field's words."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from compose.errors import SpecError
from compose.registry.declaration import Declaration
from compose.registry.registry import Registry
from compose.spec.schema.composite_parameters import CompositeParameters
from compose.spec.schema.document import frame
from compose.spec.schema.explain import Subject
from compose.spec.schema.faults import faults
from compose.spec.schema.named import NamedClasses, subject_of
from compose.spec.schema.node_keys import NODE_KEYS, TERM_KEYS
from compose.spec.schema.node_names import Named, taken_names
from compose.spec.schema.node_schema import composite
from compose.spec.schema.partial_entries import changes_nothing
from compose.spec.yaml.tree import Mapping, Scalar, Tree

WIRED = ("model", "loss", "blocks", "scores", "attention", "bypass")
"""The sections that wiring reads."""


class Checker:
    """Collects the errors of a spec and of its variants; what they have in common is checked once.

    Attributes:
        errors: the errors found so far.
    """

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.errors: list[SpecError] = []
        self._outside = NamedClasses(registry, self.errors)
        self._inside = NamedClasses(registry, self.errors, inside=True)
        self._done: dict[tuple[str, tuple[int, ...]], tuple[tuple[Tree, ...], bool]] = {}

    def check(self, tree: Mapping) -> bool:
        """Add the errors of a resolved spec, and return whether it can be wired."""
        sound = [self._frame(tree)]
        self._section(tree, "labels")
        self._section(tree, "evaluate")
        if data := tree.get("data"):
            self._once("data", (data,), lambda: self._outside.check(data, "data", "`data`"))
        for name, stage in self._entries(tree, "train", sound):
            self._once("stage", (stage,), self._stage(stage, name))
        composites = self._composites(tree)
        own = tuple(composites.composites.values())
        self._names(tree.get("model"), "node")
        self._names(tree.get("loss"), "loss")
        for name, node in self._entries(tree, "model", sound):
            sound.append(self._once("node", (node, *own), self._node(self._outside, node, name, composites)))
        sound.append(self.check_blocks(tree))
        for name, term in self._entries(tree, "loss", sound):
            sound.append(self._once("term", (term,), self._term(term, name)))
        return all(sound)

    def check_blocks(self, tree: Mapping) -> bool:
        """Add the errors of the composite blocks alone, and return whether they can be wired."""
        composites, sound = self._composites(tree), [True]
        own = tuple(composites.composites.values())
        for name, body in self._entries(tree, "blocks", sound):
            self._names(body.get("model") if isinstance(body, Mapping) else None, "node")
            sound.append(self._once("block", (body, *own), self._composite(body, name, composites)))
        return all(sound)

    def _composites(self, tree: Mapping) -> CompositeParameters:
        return CompositeParameters(self.registry, dict(_items(tree.get("blocks"))))

    def _once(self, role: str, parts: tuple[Tree, ...], run: Callable[[], bool]) -> bool:
        """Check a part of a spec, unless it was checked before in the same role and with the same parts around it."""
        key = role, tuple(map(id, parts))
        if key not in self._done:
            self._done[key] = parts, run()  # holding the parts keeps their ids
        return self._done[key][1]

    def _entries(
        self, around: Tree | None, section: str, sound: list[bool], within: str = "the spec"
    ) -> Iterator[tuple[str, Tree]]:
        """The entries of a section, without those that an overlay changes although they are not there."""
        entries = around.get(section) if isinstance(around, Mapping) else None
        for name, entry in _items(entries):
            assert isinstance(entries, Mapping)
            error = changes_nothing(section, entries, name, within=within)
            if error is None:
                yield name, entry
            else:
                self.errors.append(error)
                sound.append(section == "train")

    # --- the parts of a spec ----------------------------------------------------------------------------------------

    def _frame(self, tree: Mapping) -> bool:
        sound = True
        for fault in faults(tree, frame()):
            self._outside.add(fault, Subject("the spec", "key", tree.place))
            sound &= (*fault.path, fault.key)[0] not in WIRED or fault.code == "unknown"
        return sound

    def _section(self, tree: Mapping, name: str) -> None:
        part, found = tree.get(name), self.registry.find("section", name)
        if part is not None and found is not None:
            self._once(name, (part,), lambda: self._outside.declared(part, found, Subject(f"`{name}`", "key")))

    def _names(self, named: Tree | None, what: Named) -> None:
        """The names of nodes or losses; wiring tells no less where one of them is taken."""
        if named is not None:
            self._once(f"names of {what}", (named,), lambda: self._free(named, what))

    def _free(self, named: Tree, what: Named) -> bool:
        taken = taken_names(named, what)
        self.errors.extend(taken)
        return not taken

    def _stage(self, stage: Tree, name: str) -> Callable[[], bool]:
        return lambda: self._outside.check(stage, "stage", f"the stage `{name}`")

    def _node(self, names: NamedClasses, node: Tree, name: str, composites: CompositeParameters) -> Callable[[], bool]:
        used = node.get("use") if isinstance(node, Mapping) else None
        if isinstance(node, Mapping) and used is None and "share" in node.items:
            what = f"`{name}`, which has the weights of another node,"
            return lambda: names.keys(node, what, NODE_KEYS, only=True)
        if isinstance(node, Mapping) and isinstance(used, Scalar) and used.value in composites.composites:
            return lambda: self._composite_node(names, node, str(used.value), composites)
        return lambda: names.check(node, "block", f"the node `{name}`", composites.composites)

    def _composite_node(self, names: NamedClasses, node: Mapping, used: str, composites: CompositeParameters) -> bool:
        declaration = Declaration("composite", used, "", "", "", "", "", composites.of(used))
        return names.declared(node, declaration, subject_of(declaration, node))

    def _composite(self, body: Tree, name: str, composites: CompositeParameters) -> Callable[[], bool]:
        def run() -> bool:
            sound = []
            for fault in faults(body, composite()):
                self._outside.add(fault, Subject(f"the block `{name}`", "key"))
                sound.append(fault.code == "unknown")
            for inner, node in self._entries(body, "model", sound, f"the block `{name}`"):
                sound.append(self._node(self._inside, node, inner, composites)())
            return all(sound)

        return run

    def _term(self, term: Tree, name: str) -> Callable[[], bool]:
        """A term of the loss; without ``use`` it takes a scalar port of a node as it is."""
        if isinstance(term, Mapping) and "use" not in term.items and "in" in term.items:
            what = f"the term `{name}`, which uses no loss,"
            return lambda: self._outside.keys(term, what, TERM_KEYS, only=True)
        return lambda: self._outside.check(term, "loss", f"the term `{name}`")


def _items(tree: Tree | None) -> Iterator[tuple[str, Tree]]:
    return iter(tree.items.items()) if isinstance(tree, Mapping) else iter(())
