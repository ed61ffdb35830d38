"""The parameters of a composite block, with the types that its nodes ask of them.

A parameter is declared by its default alone. What may stand for it follows from where ``$name`` stands inside: a
composite whose ``$width`` is the ``size`` of a ``linear`` takes what that takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Mapping as MappingType
from typing import Any

from compose.registry.declaration import Parameter
from compose.registry.docstring import doc_entries, sections
from compose.registry.registry import Registry
from compose.spec.schema.node_keys import NODE_KEYS, UNFILLED, Schema, placeholder
from compose.spec.yaml.tree import Mapping, Path, Scalar, Tree, leaves, plain

LOWER, UPPER = ("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")


class CompositeParameters:
    """What the composites of a spec take.

    Args:
        registry: the known blocks.
        composites: name -> body.
    """

    def __init__(self, registry: Registry, composites: MappingType[str, Tree]) -> None:
        self.registry, self.composites = registry, composites
        self._found: dict[str, tuple[Parameter, ...]] = {}

    def of(self, name: str) -> tuple[Parameter, ...]:
        """The parameters of a composite; of one that contains itself, those that are known by then."""
        if name not in self._found:
            self._found[name] = ()
            self._found[name] = tuple(self._declared(self.composites.get(name)))
        return self._found[name]

    def _declared(self, body: Tree | None) -> Iterator[Parameter]:
        params = body.get("params") if isinstance(body, Mapping) else None
        if not (isinstance(body, Mapping) and isinstance(params, Mapping)):
            return
        docs, asked = _docs(body), self._asked(body)
        for name, tree in params.items.items():
            default = plain(tree)
            schema = _all_of(asked.get(name, ()))
            yield Parameter(name, schema, default is None, default, docs.get(name, ""))

    def _asked(self, body: Mapping) -> dict[str, list[Schema]]:
        """Parameter -> what each place asks of it at which it stands."""
        found: dict[str, list[Schema]] = {}
        nodes = body.get("model")
        for node in nodes.items.values() if isinstance(nodes, Mapping) else ():
            for path, leaf in leaves(node):
                name = placeholder(leaf)
                if name and path and path[0] not in UNFILLED and isinstance(node, Mapping):
                    found.setdefault(name, []).append(self._taken(node, path))
        return found

    def _taken(self, node: Mapping, path: Path) -> Schema:
        """What a node takes at a path; nothing is said where that is not known."""
        key, rest = str(path[0]), path[1:]
        if key in NODE_KEYS:
            return _without_null(schema_at(NODE_KEYS[key], rest))
        used = node.get("use")
        name = str(used.value) if isinstance(used, Scalar) else ""
        block = None if name in self.composites else self.registry.find("block", name)
        parameters = block.parameters if block else self.of(name)
        taken = next((p for p in parameters if p.name == key and not p.uses), None)
        return _without_null(schema_at(taken.schema, rest)) if taken else {}


def described(body: Mapping) -> str:
    """A composite's description, in the form of a block's docstring."""
    text = body.get("description")
    return str(text.value) if isinstance(text, Scalar) else ""


def _docs(body: Mapping) -> dict[str, str]:
    return doc_entries(sections(described(body)).get("Args", ""))


def schema_at(schema: Schema, path: Path) -> Schema:
    """The schema of what lies at a path in a value; nothing is said where it has none."""
    for step in path:
        arms = [found for arm in schema.get("anyOf", [schema]) if (found := _below(arm, step)) is not None]
        schema = _one_of(arms)
    return schema


def _one_of(arms: list[Schema]) -> Schema:
    if len(arms) > 1:
        return {"anyOf": arms}
    return arms[0] if arms else {}


def _below(schema: Schema, step: str | int) -> Schema | None:
    found: Any = schema.get("items")
    if isinstance(step, str):
        found = schema.get("properties", {}).get(step, schema.get("additionalProperties"))
    elif isinstance(found, list):
        found = found[step] if step < len(found) else None
    return found if isinstance(found, dict) else None


def _without_null(schema: Schema) -> Schema:
    """The schema without null: in ``params:`` null says that there is no default, and at a node that it counts."""
    if "anyOf" in schema:
        arms = [_without_null(arm) for arm in schema["anyOf"] if arm != {"type": "null"}]
        rest = {key: value for key, value in schema.items() if key != "anyOf"}
        return {**arms[0], **rest} if len(arms) == 1 else {**rest, "anyOf": arms}
    found = dict(schema)
    if isinstance(schema.get("type"), list):
        kinds = [kind for kind in schema["type"] if kind != "null"]
        found["type"] = kinds[0] if len(kinds) == 1 else kinds
    if "enum" in schema:
        found["enum"] = [option for option in schema["enum"] if option is not None]
    return found


def _all_of(schemas: Iterable[Schema]) -> Schema:
    """What meets all of these: one schema where they are one, or differ in bounds alone."""
    found: list[Schema] = []
    for schema in schemas:
        bare = {key: value for key, value in schema.items() if key not in ("description", "default")}
        if not bare or bare in found:
            continue
        near = next((other for other in found if _is_number(other) and _is_number(bare)), None)
        if near is None:
            found.append(bare)
        else:
            found[found.index(near)] = _tighter(near, bare)
    if len(found) > 1:
        return {"allOf": found}
    return found[0] if found else {}


def _is_number(schema: Schema) -> bool:
    return schema.get("type") in ("integer", "number") and not set(schema) - {"type", *LOWER, *UPPER}


def _tighter(one: Schema, other: Schema) -> Schema:
    """Two numbers with bounds as one."""
    both = (one, other)
    found: Schema = {"type": "integer" if "integer" in (one["type"], other["type"]) else "number"}
    for (closed, opened), pick, sign in ((LOWER, max, 1), (UPPER, min, -1)):
        bounds = [(s[key], key == opened) for s in both for key in (closed, opened) if key in s]
        if bounds:
            value, is_open = pick(bounds, key=lambda bound: (bound[0], sign * bound[1]))
            found[opened if is_open else closed] = value
    return found
