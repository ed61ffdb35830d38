"""Check mappings that name a class: ``{use: NAME, PARAMETER: value}``, and what is nested in them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace

from compose.block import Kind
from compose.errors import Note, SpecError, listed, nearest
from compose.registry.declaration import Declaration, Parameter
from compose.registry.registry import Registry
from compose.registry.unlisted import OWN_FILE, unlisted
from compose.spec.schema import metric_entry
from compose.spec.schema.class_schema import MONITOR, definition
from compose.spec.schema.explain import Subject, explain
from compose.spec.schema.faults import Fault, faults
from compose.spec.schema.node_keys import EXTRA_KEYS, UNFILLED, Schema, placeholder, selector
from compose.spec.schema.refused import refused, tells
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree, plain

NOUNS: dict[Kind, str] = {"data": "data source", "vectors": "label vectors", "composite": "block"}
"""Kinds whose name is not the noun that messages use."""
MOST = 10
"""How many names a message lists."""
PLURAL: Kind = "vectors"
"""The kind whose noun is one."""


class NamedClasses:
    """Checks what names a class of the registry.

    Args:
        registry: the known classes.
        errors: where mistakes are collected.
        inside: whether the mappings stand in a composite block, where ``$name`` may take a value's place.
    """

    def __init__(self, registry: Registry, errors: list[SpecError], *, inside: bool = False) -> None:
        self.registry, self.errors, self.inside = registry, errors, inside
        self._schemas: dict[tuple[Kind, str], Schema] = {}

    def check(self, tree: Tree, kind: Kind, what: str, others: Iterable[str] = ()) -> bool:
        """Check one such mapping.

        Args:
            tree: what should be one.
            kind: the kind of class that it names.
            what: what messages call it as long as its class is not known.
            others: names that stand for something else than a class, to be suggested too.

        Returns:
            Whether the keys that wire it are as they must be.
        """
        key, noun, names = selector(kind), NOUNS.get(kind, kind), [*self.registry.usable(kind), *others]
        used = tree.get(key) if isinstance(tree, Mapping) else None
        if not isinstance(tree, Mapping):
            name = plain(tree) if isinstance(tree, Scalar) and tree.value in names else "NAME, ..."
            self._refuse(tree, what, f"{{{key}: {name}}}")
            return False
        if used is None:
            message, expected = f"{what} names no {noun}", f"`{key}:` and one of {listed(names, most=MOST)}"
            self.errors.append(SpecError("missing-use", message, tree.place, expected))
        elif not (isinstance(used, Scalar) and isinstance(used.value, str)):
            self._refuse(used, f"`{key}` of {what}", f"the name of {_any(kind)}")
        elif declaration := self.registry.find(kind, used.value):
            return self.declared(tree, declaration, subject_of(declaration, tree))
        else:
            self.errors.append(unknown_name(kind, used.value, used, names, self.registry.left_out()))
        return self.keys(tree, what, EXTRA_KEYS.get(kind, {}))

    def declared(self, tree: Tree, declaration: Declaration, subject: Subject) -> bool:
        """Check what stands for a class that is known; returns the same as :meth:`check`."""
        own = EXTRA_KEYS.get(declaration.kind, {})
        sound = True
        found = faults(tree, self.schema(declaration))
        wrong = refused(tree, declaration, found, subject, inside=self.inside)
        self.errors += [wrong] if wrong else []
        for fault in found:
            told = tells(wrong, fault) or self.add(fault, subject)
            sound &= not told or not fault.path or fault.path[0] not in own
        for parameter in declaration.parameters:
            value = tree.get(parameter.name) if isinstance(tree, Mapping) else None
            if value is None or (self.inside and placeholder(value)):
                continue
            if parameter.uses:
                self._nested(parameter, parameter.uses, value, subject)
            elif parameter.schema.get("format") == MONITOR:
                self._text(value, metric_entry.check_monitor)
        return sound

    def keys(self, tree: Tree, what: str, keys: dict[str, Schema], *, only: bool = False) -> bool:
        """Check the keys of the spec language alone; with ``only`` there may be no others."""
        sound = True
        for fault in faults(tree, {"properties": keys, "additionalProperties": not only}):
            told = self.add(fault, Subject(what, "key"))
            sound &= not told or fault.code == "unknown"
        return sound

    def add(self, fault: Fault, subject: Subject) -> bool:
        """Record a fault, unless ``$name`` stands there for a value that is not known yet; returns whether it did."""
        if self.inside and placeholder(fault.tree) and fault.path[:1] not in [(key,) for key in UNFILLED]:
            return False
        self.errors.append(explain(fault, subject))
        return True

    def schema(self, declaration: Declaration) -> Schema:
        """The schema of a class, the keys of the spec language written out."""
        if declaration.kind == "composite":
            return _whole(declaration)  # two layers of a spec may have different ones of one name
        key = (declaration.kind, declaration.name)
        if key not in self._schemas:
            self._schemas[key] = _whole(declaration)
        return self._schemas[key]

    def _nested(self, parameter: Parameter, kind: Kind, value: Tree, subject: Subject) -> None:
        what = f"`{parameter.name}` of {subject.name}"
        removed = isinstance(value, Scalar) and value.value is None
        if parameter.schema.get("type") == "array":
            for index, item in enumerate(value.items if isinstance(value, Sequence) else ()):
                self._entry(item, kind, f"item {index + 1} of {what}")
        elif not (removed and parameter.default is None and not parameter.required):
            self.check(value, kind, what)

    def _entry(self, item: Tree, kind: Kind, what: str) -> None:
        """An item of a list of such mappings; a metric may stand there as text."""
        if kind == metric_entry.KIND and isinstance(item, Scalar) and isinstance(item.value, str):
            self._text(item, metric_entry.read_entry)
        elif kind == metric_entry.KIND and not isinstance(item, Mapping):
            self._refuse(item, what, metric_entry.EXPECTED)
        else:
            self.check(item, kind, what)

    def _text(self, tree: Tree, read: Callable[[str, Registry], object]) -> None:
        """Read a text that has a grammar of its own; what is no text is at fault already."""
        if isinstance(tree, Scalar) and isinstance(tree.value, str):
            try:
                read(tree.value, self.registry)
            except SpecError as error:
                self.errors.append(replace(error, place=tree.place))

    def _refuse(self, tree: Tree, what: str, expected: str) -> None:
        self.errors.append(explain(Fault("wrong-type", (), tree, {"const": expected}), Subject(what, "key")))


def _whole(declaration: Declaration) -> Schema:
    whole = definition(declaration)
    return {**whole, "properties": {**whole["properties"], **EXTRA_KEYS.get(declaration.kind, {})}}


def subject_of(declaration: Declaration, tree: Mapping) -> Subject:
    """A class as messages call it; what it misses is reported at its name."""
    used = tree.get(selector(declaration.kind))
    noun = NOUNS.get(declaration.kind, declaration.kind)
    return Subject(f"the {noun} `{declaration.name}`", "parameter", used.place if used else None)


def _any(kind: Kind) -> str:
    """A noun with its article, where it has one."""
    noun = NOUNS.get(kind, kind)
    if kind == PLURAL:
        return noun
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def unknown_name(kind: Kind, name: str, tree: Tree, names: list[str], left_out: Iterable[str] = ()) -> SpecError:
    """A name that no class of a kind has.

    Args:
        kind: the kind.
        name: the name.
        tree: where it stands.
        names: those that there are.
        left_out: why the blocks of some installed packages, which may have it, are left out.
    """
    noun = NOUNS.get(kind, kind)
    forgotten = unlisted(kind, name)
    near = None if forgotten else nearest(name, names)
    expected = f"one of {listed(names, most=MOST)}" if names else f"no {noun}: none is known"
    told = forgotten or ("" if near else OWN_FILE)
    notes = [Note(text) for text in (*filter(None, [told]), *left_out)]
    message = f"there {'are' if kind == PLURAL else 'is'} no {noun} `{name}`"
    return SpecError(f"unknown-{kind}", message, tree.place, expected, near, notes)
