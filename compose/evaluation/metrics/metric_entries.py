"""The metrics that the entries of a spec name, made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from compose.block import BlockError
from compose.errors import SpecError
from compose.evaluation.metrics.metric import Metric
from compose.registry.registry import registry
from compose.spec.schema.metric_entry import read_entry


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
    try:
        found = read_entry(entry, registry())
    except SpecError as error:
        hint = f"did you mean `{error.nearest}`?" if error.nearest else f"expected {error.expected}"
        raise BlockError(f"{error.message}; {hint}", parameter="metrics") from None
    return _construct(found.name, found.parameters)


def sets_parameters(entry: str | Mapping[str, Any]) -> bool:
    """Whether an entry that is right says more than which metric: ``f1@3``, not ``f1``."""
    return bool(read_entry(entry, registry()).parameters)


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
