"""Other ways of writing a spec: parts of it as composite blocks, repeated, shared, bypassed, or under another name."""

from __future__ import annotations

from random import Random
from typing import Any

from compose.registry.registry import Registry

Spec = dict[str, Any]
KEYS = ("use", "in", "repeat", "carry", "collect", "share")


def rewrite(dice: Random, spec: Spec, registry: Registry) -> None:
    """Change how a spec is written, now and then; it may be wrong afterwards."""
    for change, often in ((_composite, 0.25), (_repeat, 0.1), (_share, 0.1), (_bypass, 0.05), (_rename, 0.03)):
        if dice.random() < often and spec.get("model"):
            change(dice, spec, registry)


def _composite(dice: Random, spec: Spec, registry: Registry) -> None:
    """Put a node into a composite block of its ports, one of its parameters as that of the block."""
    name = dice.choice([*spec["model"]])
    node = spec["model"][name]
    declaration = registry.find("block", node.get("use", ""))
    if declaration is None:
        return
    ports = _wired(declaration, node)
    if not ports:
        return
    values = {key: value for key, value in node.items() if key not in KEYS}
    params = dict(list(values.items())[:1]) if dice.random() < 0.6 else {}
    params = {key: value for key, value in params.items() if value is not None}
    inner = {"use": node["use"], "in": {port: port for port in ports}, **values, **{key: f"${key}" for key in params}}
    outputs = {port.name: f"inner.{port.name}" for port in declaration.outputs}
    used = dice.choice(["own_block", f"own_{name.replace('-', '_')}"])
    spec["blocks"] = {used: {"inputs": [*ports], "params": params, "model": {"inner": inner}, "outputs": outputs}}
    if not params:
        del spec["blocks"][used]["params"]
    if len(declaration.outputs) == 1 and dice.random() < 0.5:
        spec["blocks"][used]["outputs"] = "inner"
    spec["model"][name] = {"use": used, "in": ports, **(params if dice.random() < 0.5 else {})}


def _wired(declaration: Any, node: Spec) -> Spec:
    """Port -> what feeds it, where that is plain to see."""
    feed = node.get("in")
    if isinstance(feed, dict):
        return {port: text for port, text in feed.items() if text is not None}
    if feed is None:
        return {}
    feeds = feed if isinstance(feed, list) else [feed]
    if declaration.inputs[0].many:
        return {declaration.inputs[0].name: feed}
    return {port.name: text for port, text in zip(declaration.inputs, feeds, strict=False)}


def _repeat(dice: Random, spec: Spec, registry: Registry) -> None:
    """Repeat a node: a block whose port feeds itself by way of a composite, or one whose outputs are collected."""
    name = dice.choice([*spec["model"]])
    node = spec["model"][name]
    declaration = registry.find("block", node.get("use", ""))
    if declaration is None or "in" not in node:
        return
    if dice.random() < 0.3:
        node |= {"repeat": dice.randint(1, 3), "collect": [declaration.outputs[0].name]}
        return
    ports = _wired(declaration, node)
    first = next(iter(ports), None)
    if first is None:
        return
    values = {key: value for key, value in node.items() if key not in KEYS}
    inner = {"use": node["use"], "in": {port: port for port in ports}, **values}
    outputs = {first: f"inner.{declaration.outputs[0].name}"}
    spec.setdefault("blocks", {})["layer"] = {"inputs": [*ports], "model": {"inner": inner}, "outputs": outputs}
    spec["model"][name] = {"use": "layer", "in": ports, "repeat": dice.randint(1, 3), "carry": [first]}


def _share(dice: Random, spec: Spec, registry: Registry) -> None:
    """Let a node use the weights of another one of the same block, or add such a node beside it."""
    name = dice.choice([*spec["model"]])
    node = spec["model"][name]
    alike = [other for other, found in spec["model"].items() if found.get("use") == node.get("use") and other != name]
    if alike:
        spec["model"][name] = {"share": dice.choice(alike), **({"in": node["in"]} if "in" in node else {})}
    elif spec.get("loss") and "in" in node and "share" not in node:
        spec["model"]["twin"] = {"share": name, "in": node["in"]}
        term = dice.choice([*spec["loss"].values()])
        if term.get("in") == name:
            term["in"] = "twin"


def _bypass(dice: Random, spec: Spec, registry: Registry) -> None:
    spec["bypass"] = [dice.choice([*spec["model"]])]


def _rename(dice: Random, spec: Spec, registry: Registry) -> None:
    """Score by another port, named by ``scores``."""
    name = dice.choice([*spec["model"]])
    declaration = registry.find("block", spec["model"][name].get("use", ""))
    port = dice.choice(declaration.outputs).name if declaration else None
    spec["scores"] = name if port in (None, "out") or dice.random() < 0.5 else f"{name}.{port}"
