"""Schemas and values in words: "an integer > 0", "the text `seven`"."""

from __future__ import annotations

import re
from math import isinf, isnan
from typing import Any

from compose.spec.layers.plain_name import IN_WORDS, PLAIN_NAME
from compose.spec.schema.node_keys import NAME, PLACEHOLDER, REFERENCE, Schema
from compose.spec.yaml.reader import MAX_INTEGER

TYPES = {
    "integer": "an integer",
    "number": "a number",
    "string": "text",
    "boolean": "true or false",
    "object": "a mapping",
    "array": "a list",
    "null": "null",
}
PATTERNS = {
    NAME: "a name: letters, digits, `_` and `-`, no digit first",
    REFERENCE: "a reference",
    PLAIN_NAME: IN_WORDS,
    PLACEHOLDER: "`$` and the name of a parameter",
}
_PLURALS = {
    "an integer": "integers",
    "a number": "numbers",
    "text": "texts",
    "true or false": "booleans",
    "a mapping": "mappings",
    "a list": "lists",
    "a reference": "references",
}
_BOUNDS = {"exclusiveMinimum": ">", "minimum": "≥", "exclusiveMaximum": "<", "maximum": "≤"}


def words(schema: Schema, *, sizes: bool = False) -> str:
    """What a schema asks for; with ``sizes`` also how long a list may be."""
    if "title" in schema:
        return str(schema["title"])
    if "anyOf" in schema:
        return _either([words(arm, sizes=sizes) for arm in schema["anyOf"]])
    if "allOf" in schema:
        return words(schema["allOf"][0])
    if "$ref" in schema:
        return f"{{use: {schema['$ref'].rpartition('/')[2].upper()}, ...}}"
    if "enum" in schema:
        return f"one of {', '.join(map(text, schema['enum']))}"
    if "const" in schema:
        return text(schema["const"])
    if schema.get("pattern") in PATTERNS:
        return PATTERNS[schema["pattern"]]
    return _of_type(schema, sizes)


def _of_type(schema: Schema, sizes: bool) -> str:
    kind = schema.get("type")
    if kind == "array":
        return _list(schema, sizes)
    if kind == "object" and isinstance(schema.get("additionalProperties"), dict):
        return f"a mapping of names to {_plural(words(schema['additionalProperties']))}"
    if isinstance(kind, list):
        return _either([_of_type({**schema, "type": name}, sizes) for name in kind])
    bounds = [f"{sign} {text(schema[key])}" for key, sign in _BOUNDS.items() if key in schema]
    multiple = f", a multiple of {text(schema['multipleOf'])}" if "multipleOf" in schema else ""
    return " ".join([TYPES.get(str(kind), "a value"), " and ".join(bounds)]).strip() + multiple


def _list(schema: Schema, sizes: bool) -> str:
    items, least, most = schema.get("items", {}), schema.get("minItems"), schema.get("maxItems")
    if isinstance(items, list):
        kinds = [words(item) for item in items]
        inner = _plural(kinds[0]) if len(set(kinds)) == 1 and len(kinds) > 1 else ", ".join(kinds)
        return f"a list of {len(items)} {inner}" if len(set(kinds)) == 1 else f"a list of {len(items)}: {inner}"
    inner = f" of {_plural(words(items))}" if items and "use:" not in words(items) else ""
    if least is not None and least == most:
        return f"a list of {least}{inner.removeprefix(' of')}"
    bounds = []
    if least:
        bounds.append("not empty" if least == 1 else f"at least {least}")
    if most is not None:
        bounds.append(f"at most {most}")
    return ", ".join([f"a list{inner}", *(bounds if sizes else ())])


def _plural(one: str) -> str:
    for singular, plural in _PLURALS.items():
        if one == singular or one.startswith(f"{singular} "):
            return plural + one.removeprefix(singular)
    return f"values, each {one}" if " or " in one else one.replace("one of", "any of", 1)


def _either(options: list[str]) -> str:
    """``a``, ``a or b``, ``a, b or c``."""
    *first, last = dict.fromkeys(option for option in options if option)
    return f"{', '.join(first)} or {last}" if first else last


def shown(value: Any) -> str:
    """A value that a spec gives, at the end of "this is ..."."""
    match value:
        case None:
            return "empty"
        case str():
            return f"the text `{value}`" if len(value) <= 60 else f"the text `{value[:57]}...`"
        case list():
            return f"a list of {len(value)}" if value else "an empty list"
        case dict():
            return "a mapping"
    return text(value)


def text(value: Any) -> str:
    """A scalar as one writes it in YAML."""
    match value:
        case None:
            return "null"
        case bool():
            return str(value).lower()
        case float() if isnan(value):
            return ".nan"
        case float() if isinf(value):
            return ".inf" if value > 0 else "-.inf"
    return str(value)


LONGEST_NUMBER = 100
"""Characters of what may have been meant as a number."""
_YES_NO = {"yes": True, "on": True, "y": True, "no": False, "off": False, "n": False}


def hint(value: Any, schema: Schema, *, quoted: bool) -> str | None:
    """Why a text is not the value that its writer may have meant."""
    kinds = _kinds(schema)
    if isinstance(value, float) and "integer" in kinds and value.is_integer():
        return f"an integer of a spec is at most {MAX_INTEGER} (2^53 - 1)"
    if not isinstance(value, str):
        return None
    if "boolean" in kinds and value.lower() in _YES_NO:
        return f"`{value}` is text in YAML 1.2; write {text(_YES_NO[value.lower()])}"
    if len(value) > LONGEST_NUMBER:
        return _too_long(value) if kinds & {"integer", "number"} else None
    if "boolean" in kinds and quoted and value in ("true", "false"):
        return f"what stands in quotes is text; write {value}"
    if kinds & {"integer", "number"} and re.fullmatch(r"[-+]?[0-9]+(\.[0-9]*)?([eE][-+]?[0-9]+)?", value):
        return f"what stands in quotes is text; write {value}"
    if kinds & {"integer", "number"} and re.fullmatch(r"[-+]?[0-9][0-9_]*(\.[0-9]+)?", value):
        return f"a number with `_` is text in YAML 1.2; write {value.replace('_', '')}"
    if "null" in kinds and value.lower() in ("none", "nil"):
        return f"`{value}` is text; write null"
    return None


def _too_long(value: str) -> str | None:
    is_number = value[0] in "+-.0123456789" and re.fullmatch(r"[-+]?[0-9_]*\.?[0-9_]*([eE][-+]?[0-9_]+)?", value)
    return f"{len(value):,} digits are too many for a number" if is_number else None


def _kinds(schema: Schema) -> set[str]:
    kind = schema.get("type", [])
    found = set(kind) if isinstance(kind, list) else {kind}
    return found.union(*(_kinds(arm) for arm in schema.get("anyOf", [])))
