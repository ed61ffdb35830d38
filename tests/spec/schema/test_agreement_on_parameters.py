"""The schema and the command line agree on every value of every parameter, wherever a class may stand."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from compose.registry.construct import arguments
from compose.registry.declaration import Declaration, Parameter
from compose.registry.registry import registry
from compose.spec.schema.faults import validator
from compose.spec.schema.node_keys import EXTRA_KEYS

from .judges import VALUES, Judges, trained, whole

ENTRIES = [1, 16, 0.5, "text", [1], ["text"], [0.5, 0.5], {}, "4 4", "b c -> b c", "b m, b -> b"]
"""Values, one of which every required parameter takes."""


def minimal(declaration: Declaration) -> dict[str, Any]:
    """The least that a class needs."""
    return {p.name: _right(p) for p in declaration.parameters if p.required}


def _right(parameter: Parameter) -> Any:
    if parameter.uses:
        named = (registry().find(parameter.uses, name) for name in registry().names(parameter.uses))
        return {"use": next(one.name for one in named if one and not any(p.required for p in one.parameters))}
    fits = Draft7Validator(parameter.schema).is_valid
    return next(value for value in ENTRIES if fits(value))


def hosted(declaration: Declaration, entry: dict[str, Any]) -> dict[str, Any]:
    """The part of a spec in which a class stands."""
    used = {"use": declaration.name, **entry}
    match declaration.kind:
        case "block" | "composite":
            return {"model": {"node": used}}
        case "loss":
            return {"loss": {"term": used}}
        case "data":
            return {"data": used}
        case "vectors" | "graph" as key:
            return {"labels": {key: used}}
        case "metric":
            return {"evaluate": {"metrics": [used]}}
        case "stage":
            return {"train": trained({"stage": declaration.name, **entry})}
        case "optimizer" | "schedule" as key:
            return {"train": trained({"stage": "supervised", key: used})}
    return {declaration.name: entry}


def kinds_of_parameters() -> Iterator[tuple[Declaration, str]]:
    """Every parameter and every key of the spec language, one of those that are alike."""
    seen = set()
    for declaration in registry().all():
        for parameter in declaration.parameters:
            alike = (declaration.kind, json.dumps(parameter.schema), parameter.uses, parameter.required)
            if alike not in seen:
                seen.add(alike)
                yield declaration, parameter.name
    for kind, keys in EXTRA_KEYS.items():
        first = next(declaration for declaration in registry().all() if declaration.kind == kind)
        yield from ((first, key) for key in keys)
    for kind in {declaration.kind for declaration in registry().all()}:
        yield next(declaration for declaration in registry().all() if declaration.kind == kind), "nonsense"


PARAMETERS = sorted(kinds_of_parameters(), key=lambda pair: (pair[0].kind, pair[0].name, pair[1]))


@pytest.mark.parametrize("kind", sorted({declaration.kind for declaration, _ in PARAMETERS}))
def test_every_parameter(real: Judges, kind: str) -> None:
    right = [
        whole(hosted(declaration, minimal(declaration))) for declaration, _ in PARAMETERS if declaration.kind == kind
    ]
    assert [error.message for spec in right for error in real.errors(spec)] == []
    specs = [
        whole(hosted(declaration, {**minimal(declaration), name: value}))
        for declaration, name in PARAMETERS
        if declaration.kind == kind
        for value in VALUES
    ]
    assert [told for spec in specs if (told := real.disagree(spec))] == []


@pytest.mark.parametrize("kind", sorted({declaration.kind for declaration, _ in PARAMETERS}))
def test_every_parameter_in_a_variant(real: Judges, kind: str) -> None:
    specs = []
    for declaration, name in PARAMETERS:
        parameter = declaration.parameter(name)
        for value in VALUES if declaration.kind == kind else ():
            if value == {} and parameter and parameter.uses:
                continue  # good where what it is laid over says more
            over = hosted(declaration, {name: value})
            specs.append({**whole(hosted(declaration, minimal(declaration))), "variants": {"other": over}})
    assert [told for spec in specs if (told := real.disagree(spec))] == []


@pytest.mark.parametrize(("declaration", "name"), PARAMETERS, ids=lambda part: getattr(part, "name", part))
def test_what_the_schema_accepts_can_be_made(declaration: Declaration, name: str) -> None:
    parameter = declaration.parameter(name)
    if parameter is None or parameter.uses or declaration.kind == "composite":
        return
    cls = registry().load(declaration.kind, declaration.name)
    for value in filter(validator()(parameter.schema).is_valid, VALUES):
        made = arguments(registry(), cls, declaration, {name: value})[name]
        assert isinstance(made, int) or "number" in json.dumps(parameter.schema) or not isinstance(value, float)


@pytest.mark.parametrize("value", [*VALUES, ["$width"], ["$width", 3], {"a": "$width"}, ["text"]])
def test_every_parameter_in_a_composite(real: Judges, value: Any) -> None:
    told = []
    for declaration, name in PARAMETERS:
        if declaration.kind in ("block", "composite"):
            node = {"use": declaration.name, **minimal(declaration), "in": "x", name: value}
            own = {"inputs": ["x"], "params": {"width": 3}, "model": {"inner": node}, "outputs": "inner"}
            spec = whole({"blocks": {"own": own}, "model": {"node": {"use": "own"}}})
            told.append(real.disagree(spec))
    assert [one for one in told if one] == []
