"""Make a spec as small as it can be while what is wrong with it stays."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from copy import deepcopy
from typing import Any

from compose.registry.registry import Registry
from tests.soundness.oracle import judge

Spec = dict[str, Any]
MOST = 150
"""Specs that are tried."""


def shrunk(spec: Mapping[str, Any], registry: Registry) -> Spec:
    """The smallest spec found with the same kind of failure."""
    kind, found = judge(spec, registry).kind, deepcopy(dict(spec))
    tried, smaller = 0, True
    while smaller and tried < MOST:
        smaller = False
        for candidate in _smaller(found):
            tried += 1
            if tried > MOST:
                break
            if _kind(candidate, registry) == kind:
                found, smaller = candidate, True
                break
    return found


def _kind(spec: Spec, registry: Registry) -> str:
    try:
        return judge(spec, registry).kind
    except Exception:  # the spec has lost what the judge itself needs
        return ""


def _smaller(spec: Spec) -> Iterator[Spec]:
    """The spec without one of its parts, the larger ones first."""
    for path in [*_paths(spec, 1), *_paths(spec, 2), *_paths(spec, 3)]:
        if path in (("data",), ("model",), ("train",)):
            continue
        candidate = deepcopy(spec)
        inner = candidate
        for key in path[:-1]:
            inner = inner[key]
        del inner[path[-1]]
        yield candidate


def _paths(value: Any, depth: int) -> list[tuple[Any, ...]]:
    """The paths to what lies so deep."""
    if not isinstance(value, dict):
        return []
    if depth == 1:
        return [(key,) for key in value]
    return [(key, *path) for key, inner in value.items() for path in _paths(inner, depth - 1)]
