"""Attempts to confirm that a value, a key or a name is none of those that there are."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any, get_type_hints

from pydantic import TypeAdapter

from compose.errors import SpecError
from compose.evaluation.metrics.metric import EpisodeMetric
from compose.registry.parameters import constructors
from compose.registry.registry import Registry
from tests.soundness.confirmed.case import Case
from tests.soundness.interpreter import WIRING, packaged_composites

SELECTORS = {"train": "stage"}
KINDS: Mapping[str, Any] = {"model": "block", "loss": "loss", "train": "stage", "data": "data"}


def bad_values(case: Case, error: SpecError) -> bool:
    """A part has a key that its class does not take, lacks one, or has a value that the annotation refuses."""
    section, name = case.part(error)
    if section == "blocks":
        return _in_composite(case, name)
    kind, part = KINDS.get(section), case.spec.get(section)
    if kind is None:
        return isinstance(part, dict) and _bad(case.registry, "section", {"use": section, **part})
    if section != "data":
        part = (part or {}).get(name)
    if not isinstance(part, dict):
        return True
    used = part.get(SELECTORS.get(section, "use"))
    body = case.spec.get("blocks", {}).get(used) or packaged_composites().get(str(used))
    if kind == "block" and body:
        return bool(set(part) - set(body.get("params") or {}) - set(WIRING))
    return _bad(case.registry, kind, {**part, "use": used})


def _in_composite(case: Case, name: str) -> bool:
    """The same inside a composite block, or of a node that uses it."""
    body = case.spec["blocks"][name]
    own = body.get("params") or {}
    users = [node for node in case.spec["model"].values() if isinstance(node, dict) and node.get("use") == name]
    inner = any(_bad(case.registry, "block", filled(node, own)) for node in body.get("model", {}).values())
    return inner or any(set(user) - set(own) - set(WIRING) for user in users)


def filled(node: Any, params: Mapping[str, Any]) -> Any:
    """A node of a composite block with its parameters' defaults."""
    if isinstance(node, str) and node.startswith("$"):
        return params.get(node[1:])
    return {key: filled(value, params) for key, value in node.items()} if isinstance(node, dict) else node


def _bad(registry: Registry, kind: Any, part: Mapping[str, Any]) -> bool:
    declaration = registry.find(kind, str(part.get("use")))
    if declaration is None:
        return True
    keys = set(WIRING) if kind in ("block", "loss") else {"use", "stage"}
    given = {key: value for key, value in part.items() if key not in keys and value is not None}
    known = {parameter.name: parameter for parameter in declaration.parameters}
    if set(given) - set(known) or any(p.required and p.name not in given for p in known.values()):
        return True
    hints: dict[str, Any] = {}
    for init in reversed(constructors(registry.load(kind, declaration.name))):
        hints |= get_type_hints(init, include_extras=True)
    return any(
        _is_no_text(known[key].schema, value) or _refuses(registry, known[key].uses, hints[key], value)
        for key, value in given.items()
    )


def _is_no_text(schema: Mapping[str, Any], value: Any) -> bool:
    """Whether a text has another form than asked for."""
    forms = [arm["pattern"] for arm in (schema, *schema.get("anyOf", ())) if "pattern" in arm]
    return isinstance(value, str) and bool(forms) and not any(re.search(form, value) for form in forms)


def _refuses(registry: Registry, uses: Any, hint: Any, value: Any) -> bool:
    if uses:
        listed = value if isinstance(value, list) else [value]
        return any(_bad(registry, uses, inner) if isinstance(inner, dict) else uses != "metric" for inner in listed)
    try:
        TypeAdapter(hint).validate_json(json.dumps(value), strict=True)
    except Exception:  # pydantic has many
        return True
    return False


def cannot_be_made(case: Case, error: SpecError) -> bool:
    """The class of a section or stage refuses its values."""
    section, name = case.part(error)
    part = case.spec.get(section)
    if section in ("data", "labels", "evaluate"):
        values = dict(part or {})
        kind, used = ("data", values.pop("use", "")) if section == "data" else ("section", section)
    elif section == "train" and isinstance(part, dict) and isinstance(part.get(name), dict):
        values = dict(part[name])
        kind, used = "stage", values.pop("stage", "")
    else:
        return False
    try:
        case.registry.construct(kind, used, values)
    except Exception:  # whatever the class does
        return True
    return False


def cannot_construct(case: Case, error: SpecError) -> bool:
    """A block refuses its parameters whatever the sizes are that it is bound to."""
    section, name = case.part(error)
    part = case.spec.get(section, {}).get(name) if section in ("model", "loss") else None
    if not isinstance(part, dict):
        return False
    body = case.spec.get("blocks", {}).get(part.get("use"))
    params = {**((body or {}).get("params") or {}), **{key: part[key] for key in part if key not in WIRING}}
    nodes = [filled(node, params) for node in body["model"].values()] if body else [part]
    return any(_always_refuses(case.registry, KINDS[section], node) for node in nodes)


def _always_refuses(registry: Registry, kind: Any, node: Mapping[str, Any]) -> bool:
    declaration = registry.find(kind, str(node.get("use")))
    if declaration is None:
        return True
    values = {key: value for key, value in node.items() if key not in WIRING}
    for size in (2, 3, 4, 6, 8, 12):
        bound = {size_of.name: (size,) * 3 if size_of.many else size for size_of in declaration.sizes}
        try:
            registry.construct(kind, declaration.name, {**bound, **values})
        except Exception:  # whatever the block does
            continue
        return False
    return True


def bad_metric(case: Case, error: SpecError) -> bool:
    """A metric that there is not, or one without the parameter that it needs."""
    stages = [stage for stage in (case.spec.get("train") or {}).values() if isinstance(stage, dict)]
    listed = [*((case.spec.get("evaluate") or {}).get("metrics") or ()), *(stage.get("monitor") for stage in stages)]
    for entry in listed:
        name, at, _ = str(entry.get("use") if isinstance(entry, dict) else entry).partition("@")
        declaration = case.registry.find("metric", name)
        if entry is None or name == "loss" or name.startswith("loss."):
            continue
        if declaration is None:
            return True
        given = {*(entry if isinstance(entry, dict) else ()), *(["k"] if at else [])}
        if any(parameter.required and parameter.name not in given for parameter in declaration.parameters):
            return True
    return any(
        case.registry.find("stage", stage["stage"]).parameter("ways")
        and stage.get("monitor")
        and not issubclass(case.registry.load("metric", stage["monitor"].partition("@")[0]), EpisodeMetric)
        for stage in stages
        if not str(stage.get("monitor", "loss")).startswith("loss")
    )


def lacks_a_key(case: Case, error: SpecError) -> bool:
    """A section that is needed is not there."""
    return any(not case.spec.get(key) for key in ("data", "model", "loss", "train"))
