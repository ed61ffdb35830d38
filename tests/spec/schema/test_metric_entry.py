"""The grammar of a metric's entry: what it means, and what is wrong with it."""

from __future__ import annotations

import re
from typing import Any

import pytest

from compose.errors import SpecError
from compose.registry.registry import Registry
from compose.spec.schema.metric_entry import (
    MetricEntry,
    check_monitor,
    entry_schema,
    is_loss,
    monitor_schema,
    read_entry,
)


@pytest.mark.parametrize(
    ("entry", "name", "parameters"),
    [
        ("map", "map", {}),
        ("f1@3", "f1", {"k": 3}),
        ("f1@123456789", "f1", {"k": 123456789}),
        ("micro_f1", "micro_f1", {}),
        ({"use": "f1", "k": 3}, "f1", {"k": 3}),
        ({"use": "micro_f1", "threshold": 0.3}, "micro_f1", {"threshold": 0.3}),
        ({"use": "micro_f1"}, "micro_f1", {}),
    ],
)
def test_what_an_entry_means(known: Registry, entry: Any, name: str, parameters: dict[str, Any]) -> None:
    assert read_entry(entry, known) == MetricEntry(name, parameters)


MISTAKES = [
    ("mpa", "unknown-metric", "there is no metric `mpa`", "map"),
    ("zzzzz", "unknown-metric", "there is no metric `zzzzz`", None),
    ("", "unknown-metric", "there is no metric ``", None),
    ("@3", "unknown-metric", "there is no metric `@3`", None),
    ("F1@5", "unknown-metric", "there is no metric `F1@5`", "f1@5"),
    ("f1 @ 5", "unknown-metric", "there is no metric `f1 @ 5`", "f1@5"),
    ("f2@x", "unknown-metric", "there is no metric `f2@x`", None),
    ("micro_f@x", "unknown-metric", "there is no metric `micro_f@x`", "micro_f1"),
    ("map@3", "metric-form", "the metric `map` takes no K", None),
    ("map@", "metric-form", "the metric `map` takes no K", None),
    ("f1", "metric-form", "the metric `f1` needs its K", None),
    ("f1@", "out-of-range", "K of the metric `f1@` is missing", None),
    ("f1@0", "out-of-range", "K of the metric `f1@0` is 0", None),
    ("f1@03", "out-of-range", "K of the metric `f1@03` is 03", "f1@3"),
    ("f1@-3", "out-of-range", "K of the metric `f1@-3` is -3", None),
    ("f1@3.0", "out-of-range", "K of the metric `f1@3.0` is 3.0", None),
    ("f1@3@5", "out-of-range", "K of the metric `f1@3@5` is 3@5", None),
    ("f1@\u0663", "out-of-range", "K of the metric `f1@\u0663` is \u0663", None),
    ("f1@" + "9" * 5000, "out-of-range", "K of the metric `f1@999", None),
    (5, "metric-form", "5 is no metric", None),
    ({"name": "map"}, "metric-form", "{'name': 'map'} is no metric", None),
    ({"use": "mapp"}, "unknown-metric", "there is no metric `mapp`", "map"),
    ({"use": "f1"}, "missing-parameter", "the metric `f1` needs `k`", None),
    ({"use": "map", "k": 3}, "unknown-parameter", "the metric `map` has no parameter `k`", None),
    ({"use": "micro_f1", "treshold": 1}, "unknown-parameter", "has no parameter `treshold`", "threshold"),
]


@pytest.mark.parametrize(("entry", "code", "message", "close"), MISTAKES)
def test_mistakes(known: Registry, entry: Any, code: str, message: str, close: str | None) -> None:
    with pytest.raises(SpecError) as caught:
        read_entry(entry, known)
    error = caught.value
    assert (error.code, error.nearest) == (code, close)
    assert message in error.message
    assert error.expected


TEXTS = [text for text, *_ in MISTAKES if isinstance(text, str)] + ["map", "f1@3", "f1@10", "micro_f1", "loss.a"]


@pytest.mark.parametrize("text", TEXTS)
def test_the_patterns_for_editors_say_the_same(known: Registry, text: str) -> None:
    def fits(schema: dict[str, Any]) -> bool:
        return any(re.search(arm["pattern"], text) for arm in schema["anyOf"])

    try:
        read_entry(text, known)
    except SpecError:
        assert not fits(entry_schema(known)["else"])
        assert fits(monitor_schema(known)) == is_loss(text)
    else:
        assert fits(entry_schema(known)["else"])
        assert fits(monitor_schema(known))


@pytest.mark.parametrize(
    ("text", "expected"),
    [("loss", True), ("loss.rank", True), ("loss.", False), ("losses", False), ("loss.a.b", False), ("map", False)],
)
def test_a_loss_may_be_monitored(text: str, expected: bool) -> None:
    assert is_loss(text) == expected


@pytest.mark.parametrize("text", ["map", "f1@3", "loss", "loss.rank"])
def test_what_may_be_monitored(known: Registry, text: str) -> None:
    check_monitor(text, known)


@pytest.mark.parametrize(
    ("text", "message", "expected", "close"),
    [
        ("los", "there is no metric `los`", "one of f1@K, map, micro_f1, loss, loss.NAME", "loss"),
        ("mpa", "there is no metric `mpa`", "one of f1@K, map, micro_f1, loss, loss.NAME", "map"),
        ("f1@03", "K of the metric `f1@03` is 03", "an integer > 0, with no 0 before it", "f1@3"),
    ],
)
def test_what_cannot_be_monitored(known: Registry, text: str, message: str, expected: str, close: str) -> None:
    with pytest.raises(SpecError) as caught:
        check_monitor(text, known)
    assert (caught.value.message, caught.value.expected, caught.value.nearest) == (message, expected, close)
