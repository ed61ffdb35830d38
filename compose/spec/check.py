"""Check a resolved spec against the schema, and say every mistake at its place in the field's words."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

from jsonschema import Draft7Validator
from jsonschema.exceptions import ValidationError, best_match

from compose.block import Kind
from compose.declaration import Declaration
from compose.errors import SpecError, nearest
from compose.registry import Registry
from compose.spec.document import frame
from compose.spec.schema import EXTRA_KEYS, Schema, definition, selector
from compose.spec.tree import Mapping, Path, Scalar, Sequence, Tree, place_of, plain

RANGES = {
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "minItems",
    "maxItems",
    "minProperties",
    "multipleOf",
}


def check(tree: Mapping, registry: Registry) -> list[SpecError]:
    """Every mistake of a resolved spec that the schema can see."""
    checker = Checker(registry)
    checker.frame(tree)
    checker.named(tree.get("data"), "data", "data")
    checker.section(tree.get("labels"), "labels")
    checker.section(tree.get("evaluate"), "evaluate")
    composites = _composites(tree)
    for nodes in (tree.get("model"), *(body.get("model") for body in composites.values())):
        for name, node in _items(nodes):
            checker.node(node, name, composites)
    for name, term in _items(tree.get("loss")):
        checker.term(term, name)
    for item in _listed(tree.get("train")):
        checker.named(item, "stage", "stage")
    return checker.errors


class Checker:
    """Collects the errors of one spec."""

    def __init__(self, registry: Registry) -> None:
        self.registry = registry
        self.errors: list[SpecError] = []

    def frame(self, tree: Mapping) -> None:
        """The top level and the composite blocks, without what a ``use:`` chooses."""
        self._apply(_frame_validator(), tree, (), "the spec", list(frame()["properties"]), "key")
        for key in ("data", "model"):
            if key not in tree.items:
                self.errors.append(
                    SpecError(
                        "missing-key",
                        f"the spec has no `{key}:`",
                        tree.place,
                        frame()["properties"][key]["description"],
                    )
                )

    def node(self, node: Tree, name: str, composites: dict[str, Mapping]) -> None:
        """A node of the model: a known block or composite, and its parameters."""
        if not isinstance(node, Mapping):
            self.errors.append(
                SpecError("wrong-type", f"the node `{name}` is a mapping", node.place, "{use: BLOCK, ...}")
            )
            return
        if "use" not in node.items and "share" in node.items:
            return
        used = node.get("use")
        if isinstance(used, Scalar) and used.value in composites:
            self._composite_parameters(node, name, composites[str(used.value)])
        else:
            self.named(node, "block", f"`{name}`", extra=list(composites))

    def term(self, term: Tree, name: str) -> None:
        """A term of the loss; without ``use`` it takes a scalar port of a node as it is."""
        if isinstance(term, Mapping) and "use" not in term.items and "in" in term.items:
            unknown = [key for key in term.items if key not in EXTRA_KEYS["loss"]]
            for key in unknown:
                self._unknown(term, (), key, f"the term `{name}` without `use`", list(EXTRA_KEYS["loss"]), "key")
        else:
            self.named(term, "loss", f"`{name}`")

    def section(self, tree: Tree | None, name: str) -> None:
        """A section whose keys a class declares."""
        found = self.registry.find("section", name)
        if tree is not None and found is not None:
            self._declared(tree, found, f"`{name}`", "key")

    def named(self, tree: Tree | None, kind: Kind, what: str, *, extra: list[str] | None = None) -> None:
        """A ``{use: NAME, ...}`` of a kind."""
        if not isinstance(tree, Mapping):
            if tree is not None and kind not in ("data",):
                self.errors.append(
                    SpecError("wrong-type", f"{what} is a mapping", tree.place, f"{{{selector(kind)}: NAME, ...}}")
                )
            return
        declaration = self._chosen(tree, kind, what, extra or [])
        if declaration is not None:
            self._declared(tree, declaration, f"the {kind} `{declaration.name}`", "parameter")

    def parameters(self, tree: Mapping, declaration: Declaration, values: dict[str, Any]) -> None:
        """Values that were filled in for ``$name`` in a composite, at the places where ``$name`` stands."""
        for error in _validator_of(self.registry, declaration).iter_errors(values):
            if error.path and error.path[0] in values and _placeholder(tree.get(str(error.path[0]))):
                self._explain(
                    error, tree, (), f"the block `{declaration.name}`", _parameter_names(declaration), "parameter"
                )

    def _chosen(self, tree: Mapping, kind: Kind, what: str, extra: list[str]) -> Declaration | None:
        key = selector(kind)
        used = tree.get(key)
        names = [*self.registry.names(kind), *extra]
        if used is None:
            expected = f"one of {', '.join(names)}"
            self.errors.append(
                SpecError("missing-use", f"{what} does not say which {kind}: `{key}:` is missing", tree.place, expected)
            )
            return None
        name = used.value if isinstance(used, Scalar) else None
        if not isinstance(name, str):
            self.errors.append(SpecError("wrong-type", f"`{key}` takes the name of a {kind}", used.place))
            return None
        found = self.registry.find(kind, name)
        if found is None:
            close = nearest(name, names)
            expected = f"one of {', '.join(names)}"
            self.errors.append(
                SpecError(f"unknown-{kind}", f"there is no {kind} `{name}`", used.place, expected, close)
            )
        return found

    def _declared(self, tree: Tree, declaration: Declaration, what: str, word: str) -> None:
        validator = _validator_of(self.registry, declaration)
        self._apply(validator, tree, (), what, _parameter_names(declaration), word)
        if isinstance(tree, Mapping):
            for parameter in declaration.parameters:
                if parameter.uses and parameter.name in tree.items:
                    inner = tree.items[parameter.name]
                    for item in inner.items if isinstance(inner, Sequence) else (inner,):
                        self.named(item, parameter.uses, f"`{parameter.name}`")

    def _composite_parameters(self, node: Mapping, name: str, body: Mapping) -> None:
        params = body.get("params")
        known = list(params.items) if isinstance(params, Mapping) else []
        for key in node.items:
            if key not in (*known, "use", *EXTRA_KEYS["block"]):
                self._unknown(node, (), key, f"the block `{plain(node)['use']}`", known, "parameter")

    def _apply(self, validator: Any, tree: Tree, path: Path, what: str, names: list[str], word: str) -> None:
        for error in validator.iter_errors(plain(tree)):
            self._explain(error, tree, path, what, names, word)

    def _explain(self, error: ValidationError, tree: Tree, path: Path, what: str, names: list[str], word: str) -> None:
        at: Path = (*path, *error.absolute_path)
        if _placeholder(_at(tree, at)):
            return
        if error.validator == "additionalProperties":
            for key in _extra_keys(error):
                inner = names if not error.absolute_path else list(error.schema.get("properties", {}))
                where = what if not error.absolute_path else f"`{error.absolute_path[-1]}`"
                self._unknown(tree, at, key, where, inner, word)
        elif error.validator == "required":
            missing = [key for key in error.validator_value if key not in error.instance]
            for key in missing:
                if not any(
                    e.code == f"missing-{word}" and f"`{key}`" in e.message
                    for e in self.errors
                    if e.place == place_of(tree, at)
                ):
                    self.errors.append(self._missing(tree, at, key, what, error.schema, word))
        else:
            self.errors.append(_wrong_value(error, tree, at, what))

    def _missing(self, tree: Tree, at: Path, key: str, what: str, schema: Schema, word: str) -> SpecError:
        expected = words(schema.get("properties", {}).get(key, {}))
        return SpecError(f"missing-{word}", f"{what} needs `{key}`", place_of(tree, at), f"`{key}`: {expected}")

    def _unknown(self, tree: Tree, at: Path, key: str, what: str, names: list[str], word: str) -> None:
        place = place_of(tree, (*at, key), key=True)
        code, has = f"unknown-{word}", f"{what} has no {word} `{key}`"
        expected = f"one of {', '.join(names)}" if names else f"no {word}"
        self.errors.append(SpecError(code, has, place, expected, nearest(key, names)))


def _wrong_value(error: ValidationError, tree: Tree, at: Path, what: str) -> SpecError:
    if error.validator == "propertyNames" or error.validator == "pattern":
        return _wrong_name(error, tree, at)
    cause = best_match([error]) if error.validator in ("anyOf", "allOf") else error
    place = place_of(tree, at)
    schema = error.schema
    value = error.instance
    key = next((str(step) for step in reversed(at) if isinstance(step, str)), "")
    shown = f"`{key}` of {what}" if key else what
    code = "out-of-range" if cause is not None and cause.validator in RANGES else "wrong-type"
    options = _options(schema)
    if options and isinstance(value, str):
        return SpecError("wrong-value", f"{shown} cannot be `{value}`", place, words(schema), nearest(value, options))
    return SpecError(code, f"{shown} is {_kind_of(value)}", place, words(schema))


def _wrong_name(error: ValidationError, tree: Tree, at: Path) -> SpecError:
    name = error.instance if isinstance(error.instance, str) else str(error.instance)
    place = place_of(tree, (*at, name), key=True)
    return SpecError("name", f"`{name}` is no name", place, "letters, digits, `_` and `-`, a letter first")


def _options(schema: Schema) -> list[str]:
    found = [str(option) for option in schema.get("enum", [])]
    if isinstance(schema.get("const"), str):
        found.append(schema["const"])
    for arm in schema.get("anyOf", []):
        found += _options(arm)
    return found


def words(schema: Schema) -> str:
    """A schema in words: ``an integer > 0``, ``one of a, b``."""
    if "allOf" in schema and len(schema["allOf"]) == 1:
        return words(schema["allOf"][0])
    if "$ref" in schema:
        return f"{{use: {schema['$ref'].rpartition('/')[2].upper()}, ...}}"
    if "anyOf" in schema:
        return " or ".join(dict.fromkeys(words(arm) for arm in schema["anyOf"]))
    if "enum" in schema:
        return f"one of {', '.join(str(option) for option in schema['enum'])}"
    if "const" in schema:
        return str(schema["const"])
    kind = schema.get("type", "")
    if kind == "array":
        return _list_words(schema)
    bounds = [
        f"{sign} {schema[key]}"
        for key, sign in (("exclusiveMinimum", ">"), ("minimum", "≥"), ("exclusiveMaximum", "<"), ("maximum", "≤"))
        if key in schema
    ]
    return " ".join([_TYPES.get(kind, "a value"), " and ".join(bounds)]).strip()


_TYPES = {
    "integer": "an integer",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "object": "a mapping",
    "null": "null",
}


def _list_words(schema: Schema) -> str:
    items = schema.get("items", {})
    if isinstance(items, list):
        return f"a list of {len(items)}: " + ", ".join(words(item) for item in items)
    inner = words(items).removeprefix("an ").removeprefix("a ")
    plural = {"integer": "integers", "number": "numbers", "text": "texts"}
    head, _, tail = inner.partition(" ")
    return f"a list of {' '.join([plural.get(head, head), tail]).strip()}" if items else "a list"


def _kind_of(value: Any) -> str:
    match value:
        case None:
            return "empty"
        case bool() | int() | float():
            return f"{str(value).lower() if isinstance(value, bool) else value}"
        case str():
            return f"the text `{value}`"
        case list():
            return f"a list of {len(value)}"
        case _:
            return "a mapping"


def _extra_keys(error: ValidationError) -> list[str]:
    known = error.schema.get("properties", {})
    return [key for key in error.instance if key not in known]


def _placeholder(tree: Tree | None) -> bool:
    return isinstance(tree, Scalar) and isinstance(tree.value, str) and tree.value.startswith("$")


def _at(tree: Tree, path: Path) -> Tree | None:
    from compose.spec.tree import descend

    return descend(tree, path)


def _parameter_names(declaration: Declaration) -> list[str]:
    return [p.name for p in declaration.parameters]


def _composites(tree: Mapping) -> dict[str, Mapping]:
    return {name: body for name, body in _items(tree.get("blocks")) if isinstance(body, Mapping)}


def _items(tree: Tree | None) -> Iterator[tuple[str, Tree]]:
    return iter(tree.items.items()) if isinstance(tree, Mapping) else iter(())


def _listed(tree: Tree | None) -> tuple[Tree, ...]:
    return tree.items if isinstance(tree, Sequence) else ()


@cache
def _frame_validator() -> Any:
    shallow = _shallow(frame())
    return Draft7Validator({**shallow, "definitions": {"composite": _composite_frame()}})


def _composite_frame() -> Schema:
    from compose.spec.document import _composite

    return _shallow(_composite())


def _shallow(schema: Any) -> Any:
    """The schema with what a ``use:`` chooses left open; that is checked node by node."""
    if isinstance(schema, list):
        return [_shallow(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema and not schema["$ref"].endswith("/composite"):
        name = schema["$ref"].rpartition("/")[2]
        return {} if name in ("node", "term", "stage") else {"type": "object"}
    return {key: _shallow(value) for key, value in schema.items()}


def _validator_of(registry: Registry, declaration: Declaration) -> Any:
    key = (declaration.kind, declaration.name)
    cached = _validators.setdefault(id(registry), {})
    if key not in cached:
        cached[key] = Draft7Validator(_open(definition(declaration)))
    return cached[key]


_validators: dict[int, dict[tuple[Kind, str], Any]] = {}


def _open(schema: Any) -> Any:
    """The schema with references to other choices left open."""
    if isinstance(schema, list):
        return [_open(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return {}
    return {key: _open(value) for key, value in schema.items()}
