"""The metrics of a spec: ``map``, ``f1@3`` or ``{use: micro_f1, threshold: 0.3}``, each made into a metric."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from compose.block import BlockError
from compose.errors import nearest
from compose.evaluation.metrics.metric import Metric
from compose.registry.registry import registry


def make_metrics(entries: Iterable[str | Mapping[str, Any]]) -> tuple[Metric, ...]:
    """The metrics of the entries of a spec, in their order.

    Raises:
        BlockError: an entry is malformed, names no metric, or names one twice.
    """
    metrics: dict[str, Metric] = {}
    for entry in entries:
        made = make_metric(entry)
        if made.key in metrics:
            raise BlockError(f"expected each metric once, got `{made.key}` twice", parameter="metrics")
        metrics[made.key] = made
    return tuple(metrics.values())


def make_metric(entry: str | Mapping[str, Any]) -> Metric:
    """The metric of one entry.

    Raises:
        BlockError: the entry is malformed, names no metric, or sets a parameter that the metric does not have.
    """
    values = long_form(entry)
    name = values.pop("use")
    declaration = registry().find("metric", name)
    if declaration is None:
        raise BlockError(_unknown("metric", name, registry().names("metric")), parameter="metrics")
    known = [parameter.name for parameter in declaration.parameters]
    for parameter in values:
        if parameter not in known:
            raise BlockError(f"{name}: {_unknown('parameter', parameter, known)}", parameter="metrics")
    missing = [p.name for p in declaration.parameters if p.required and p.name not in values]
    if missing:
        hint = f", as in `{name}@3`" if missing == ["k"] else ""
        raise BlockError(f"{name}: expected a value for `{missing[0]}`{hint}", parameter="metrics")
    return _construct(name, values)


def long_form(entry: str | Mapping[str, Any]) -> dict[str, Any]:
    """An entry as ``{use: NAME, PARAMETER: value}``: ``f1@3`` is ``{use: f1, k: 3}``.

    Raises:
        BlockError: it is neither a name, nor a name@K, nor a mapping with ``use``.
    """
    if isinstance(entry, Mapping):
        if not isinstance(entry.get("use"), str):
            raise BlockError(f"expected a metric's name after `use`, got {dict(entry)!r}", parameter="metrics")
        return dict(entry)
    match = re.fullmatch(r"(\w+)(?:@(\d+))?", entry, re.ASCII)
    if match is None:
        raise BlockError(f"expected a metric such as `map` or `f1@3`, got {entry!r}", parameter="metrics")
    return {"use": match[1]} if match[2] is None else {"use": match[1], "k": int(match[2])}


def _construct(name: str, values: dict[str, Any]) -> Metric:
    try:
        made = registry().construct("metric", name, values)
    except BlockError as error:
        raise BlockError(f"{name}: {error.parameter}: {error}", parameter="metrics") from None
    if not isinstance(made, Metric):
        raise TypeError(
            f"metric `{name}`: {type(made).__name__} is no subclass of compose.evaluation.metrics.metric.Metric"
        )
    return made


def _unknown(kind: str, name: str, valid: list[str]) -> str:
    close = nearest(name, valid)
    hint = f"did you mean `{close}`?" if close else f"expected one of {', '.join(valid)}" if valid else "it takes none"
    return f"unknown {kind} `{name}`; {hint}"
