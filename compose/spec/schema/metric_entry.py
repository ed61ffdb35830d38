"""An entry of ``evaluate.metrics``: ``map``, ``f1@3`` for ``{use: f1, k: 3}``, or a mapping with ``use``."""

from __future__ import annotations

from compose.block import Kind
from compose.errors import Place, SpecError, nearest
from compose.registry.declaration import Declaration
from compose.registry.registry import Registry
from compose.spec.schema.class_schema import docs, reference
from compose.spec.schema.node_keys import Schema

KIND: Kind = "metric"
EXPECTED = "a metric such as `map` or `f1@3`, or {use: NAME, ...}"
AT = "k"
"""The parameter that stands after the ``@``."""


def forms(declaration: Declaration) -> list[str]:
    """How a metric may be written as text: ``f1@K``, ``map``, or both where K may be left out."""
    k = declaration.parameter(AT)
    others = any(p.required for p in declaration.parameters if p.name != AT)
    if others:
        return []
    return ([] if k and k.required else [declaration.name]) + ([f"{declaration.name}@K"] if k else [])


def schema(registry: Registry) -> Schema:
    """An entry, as JSON Schema; its snippets are what an editor offers."""
    wrong = f"Not a metric. Expected one of {', '.join(all_forms(registry))}."
    known = [(form, declaration) for declaration in _metrics(registry) for form in forms(declaration)]
    return {
        "title": KIND,
        "type": ["string", "object"],
        "defaultSnippets": [_snippet(form, declaration) for form, declaration in known],
        "if": {"type": "object"},
        "then": reference(KIND),
        "else": {"anyOf": [_text(form, declaration, wrong) for form, declaration in known]},
    }


def _snippet(form: str, declaration: Declaration) -> Schema:
    example = form.replace("@K", "@3")
    return {"label": example, "body": example, "markdownDescription": docs(declaration)}


def _text(form: str, declaration: Declaration, wrong: str) -> Schema:
    pattern = f"^{form.replace('@K', '@[1-9][0-9]*')}$"
    return {"title": form, "pattern": pattern, "errorMessage": wrong, "markdownDescription": docs(declaration)}


def mistakes(text: str, place: Place, registry: Registry) -> list[SpecError]:
    """What is wrong with an entry that is text."""
    name, at, k = text.partition("@")
    declaration = registry.find(KIND, name)
    known = all_forms(registry)
    expected = f"one of {', '.join(known)}"
    if declaration is None:
        close = nearest(name, registry.names(KIND))
        near = next((form.replace("K", k or "3") for form in known if form.partition("@")[0] == close), None)
        return [SpecError("unknown-metric", f"there is no metric `{text}`", place, expected, near)]
    allowed = forms(declaration)
    if not at and name in allowed:
        return []
    if not at or f"{name}@K" not in allowed:
        lacks = "takes no K" if at else "needs its K" if f"{name}@K" in allowed else "needs parameters"
        message = f"the metric `{name}` {lacks}"
        return [SpecError("metric-form", message, place, " or ".join(allowed) or f"{{use: {name}, ...}}")]
    if not (k.isdecimal() and k.isascii() and int(k) > 0):
        return [SpecError("out-of-range", f"K of the metric `{text}` is {k or 'missing'}", place, "an integer > 0")]
    return []


def all_forms(registry: Registry) -> list[str]:
    """Every text that an entry may be."""
    return [form for declaration in _metrics(registry) for form in forms(declaration)]


def _metrics(registry: Registry) -> list[Declaration]:
    return [declaration for declaration in registry.all() if declaration.kind == KIND]
