"""How a spec names a metric: ``map``, ``f1@3`` for ``{use: f1, k: 3}``, or a mapping with ``use``.

The grammar of such an entry stands here alone: :func:`read_entry` and :func:`check_monitor` for the checker and the
evaluation, :func:`entry_schema` and :func:`monitor_schema` for editors.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from compose.block import Kind
from compose.errors import Note, SpecError, nearest
from compose.registry.declaration import Declaration
from compose.registry.registry import Registry
from compose.registry.unlisted import OWN_FILE, unlisted
from compose.shown import printable
from compose.spec.schema.class_schema import docs, reference
from compose.spec.schema.node_keys import Schema

KIND: Kind = "metric"
EXPECTED = "a metric such as `map` or `f1@3`, or {use: NAME, ...}"
AT = "k"
"""The parameter that stands after the ``@``."""
NUMBER = "[1-9][0-9]{0,8}"
"""What may stand there."""
LOSS = r"^loss(\.[A-Za-z_][A-Za-z0-9_-]*)?$"
"""What a stage may monitor besides a metric: the sum of the losses, or one of them."""


@dataclass(frozen=True)
class MetricEntry:
    """A metric of the registry, and the parameters that the entry sets."""

    name: str
    parameters: dict[str, Any]


def read_entry(entry: object, registry: Registry) -> MetricEntry:
    """What an entry means.

    Raises:
        SpecError: it is no entry, names no metric, or leaves out or invents a parameter; without a place.
    """
    if isinstance(entry, str):
        return _read_text(entry, registry)
    if not isinstance(entry, Mapping) or not isinstance(entry.get("use"), str):
        raise SpecError("metric-form", f"{entry!r} is no metric", None, EXPECTED)
    name, parameters = entry["use"], {key: value for key, value in entry.items() if key != "use"}
    declaration = registry.find(KIND, name)
    if declaration is None:
        raise _unknown(name, registry)
    known = [parameter.name for parameter in declaration.parameters]
    for key in (key for key in parameters if key not in known):
        expected = f"one of {', '.join(known)}" if known else "no parameters: it has none"
        message = f"the metric `{name}` has no parameter `{key}`"
        raise SpecError("unknown-parameter", message, None, expected, nearest(str(key), known))
    missing = [p.name for p in declaration.parameters if p.required and p.name not in parameters]
    if missing:
        raise SpecError("missing-parameter", f"the metric `{name}` needs `{missing[0]}`", None, "a value for it")
    return MetricEntry(name, parameters)


def _read_text(text: str, registry: Registry) -> MetricEntry:
    name, at, number = text.partition("@")
    declaration = registry.find(KIND, name)
    if declaration is None:
        raise _unknown(text, registry)
    if (f"{name}@K" if at else name) not in forms(declaration):
        raise _other_form(declaration, with_k=bool(at))
    if not at:
        return MetricEntry(name, {})
    if not re.fullmatch(NUMBER, number):
        close = f"{name}@{number.lstrip('0')}" if re.fullmatch(f"0+{NUMBER}", number) else None
        expected = "an integer > 0" + (", with no 0 before it" if close else "")
        raise SpecError(
            "out-of-range",
            f"K of the metric `{printable(text)}` is {printable(number) or 'missing'}",
            None,
            expected,
            close,
        )
    return MetricEntry(name, {AT: int(number)})


def _other_form(declaration: Declaration, *, with_k: bool) -> SpecError:
    """The error of a metric in a form that it does not have."""
    allowed = forms(declaration)
    if with_k:
        lacks = "takes no K"
    elif allowed:
        lacks = "needs its K"
    else:
        lacks = "needs parameters"
    expected = " or ".join(allowed) or f"{{use: {declaration.name}, ...}}"
    return SpecError("metric-form", f"the metric `{declaration.name}` {lacks}", None, expected)


def _unknown(text: str, registry: Registry) -> SpecError:
    """The error of a text that begins with no metric's name."""
    name, _, number = text.partition("@")
    close, known = nearest(name.strip(), registry.names(KIND)), all_forms(registry)
    k = number.strip() if re.fullmatch(NUMBER, number.strip()) else "3"
    near = next((form.replace("@K", f"@{k}") for form in known if form.partition("@")[0] == close), None)
    told = unlisted(KIND, name) or ("" if near else OWN_FILE)
    notes = [Note(told)] if told else []
    return SpecError(
        "unknown-metric", f"there is no metric `{printable(text)}`", None, f"one of {', '.join(known)}", near, notes
    )


def check_monitor(text: str, registry: Registry) -> None:
    """Refuse what a stage cannot monitor.

    Raises:
        SpecError: it is neither a metric as text nor a loss; without a place.
    """
    if is_loss(text):
        return
    try:
        read_entry(text, registry)
    except SpecError as error:
        if error.code != "unknown-metric":
            raise
        close = error.nearest or nearest(text, ["loss"])
        raise replace(error, expected=f"{error.expected}, loss, loss.NAME", nearest=close) from None


def is_loss(text: str) -> bool:
    """Whether what a stage monitors is a loss, and no metric."""
    return re.fullmatch(LOSS, text) is not None


def forms(declaration: Declaration) -> list[str]:
    """How a metric may be written as text: ``f1@K``, ``map``, or both where K may be left out."""
    k = declaration.parameter(AT)
    others = any(p.required for p in declaration.parameters if p.name != AT)
    if others:
        return []
    return ([] if k and k.required else [declaration.name]) + ([f"{declaration.name}@K"] if k else [])


def all_forms(registry: Registry) -> list[str]:
    """Every text that an entry may be."""
    return [form for form, _ in _known(registry)]


def _known(registry: Registry) -> list[tuple[str, Declaration]]:
    metrics = [declaration for declaration in registry.all() if declaration.kind == KIND]
    return [(form, declaration) for declaration in metrics for form in forms(declaration)]


# --- as JSON Schema ------------------------------------------------------------------------------------------------


def entry_schema(registry: Registry) -> Schema:
    """An entry; its snippets are what an editor offers."""
    return {
        "title": KIND,
        "type": ["string", "object"],
        "defaultSnippets": [_snippet(form, declaration) for form, declaration in _known(registry)],
        "if": {"type": "object"},
        "then": reference(KIND),
        "else": {"anyOf": _texts(registry, all_forms(registry))},
    }


def monitor_schema(registry: Registry) -> Schema:
    """What a stage may monitor: a metric as text, or a loss."""
    known = [*all_forms(registry), "loss", "loss.NAME"]
    loss = {"title": "loss", "pattern": LOSS, "errorMessage": _wrong(known)}
    return {"title": "a metric or a loss", "type": "string", "anyOf": [*_texts(registry, known), loss]}


def _texts(registry: Registry, known: list[str]) -> list[Schema]:
    return [
        {
            "title": form,
            "pattern": f"^{form.replace('@K', f'@{NUMBER}')}$",
            "errorMessage": _wrong(known),
            "markdownDescription": docs(declaration),
        }
        for form, declaration in _known(registry)
    ]


def _wrong(known: list[str]) -> str:
    return f"Not a metric. Expected one of {', '.join(known)}."


def _snippet(form: str, declaration: Declaration) -> Schema:
    example = form.replace("@K", "@3")
    return {"label": example, "body": example, "markdownDescription": docs(declaration)}
