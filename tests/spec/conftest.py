"""A small registry, so that messages do not change with the blocks, and specs from text."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compose.block import Kind
from compose.errors import SpecErrors
from compose.registry.declaration import Declaration, Parameter, Port
from compose.registry.registry import Registry
from compose.spec.read import Spec, read_spec
from compose.spec.wiring.plan import Plan

REQUIRED = object()
INT = {"type": "integer", "exclusiveMinimum": 0}
NUMBER = {"type": "number", "exclusiveMinimum": 0}
TEXT = {"type": "string"}
BOOL = {"type": "boolean"}
SHARE = {"type": "number", "minimum": 0, "exclusiveMaximum": 1}


def maybe(schema: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [schema, {"type": "null"}]}


def listed(schema: dict[str, Any], **limits: int) -> dict[str, Any]:
    return {"type": "array", "items": schema, **limits}


def options(*names: str) -> dict[str, Any]:
    return {"type": "string", "enum": list(names)}


def parameter(
    name: str, schema: dict[str, Any], default: Any = REQUIRED, doc: str = "", uses: Kind | None = None
) -> Parameter:
    required = default is REQUIRED
    return Parameter(name, schema, required, None if required else default, doc, uses)


def ports(text: str) -> tuple[Port, ...]:
    """``maps*: b c h w, mask?: b`` as ports; ``*`` takes many tensors, ``?`` is optional."""
    found = []
    for entry in filter(None, text.split(", ")):
        name, _, dims = entry.partition(": ")
        found.append(Port(name.rstrip("*?"), tuple(dims.split()), "float", name.endswith("?"), name.endswith("*"), ""))
    return tuple(found)


def declared(
    kind: Kind, name: str, *parameters: Parameter, takes: str = "", gives: str = "", feeds: tuple[str, ...] = ()
) -> Declaration:
    text = f"What `{name}` does."
    inputs, outputs = ports(takes), ports(gives)
    return Declaration(kind, name, "nowhere", name, text, "", "", parameters, (), inputs, outputs, feeds)


DECLARATIONS = [
    declared(
        "block",
        "backbone",
        parameter("arch", options("resnet18", "conv64"), "resnet18"),
        parameter("taps", maybe(listed(TEXT, minItems=1)), None),
        parameter("frozen", BOOL, False),
        takes="image: b c h w",
        gives="maps*: b ?c ?h ?w",
    ),
    declared(
        "block",
        "forward_pyramid",
        parameter("channels", INT, doc="channels of the result. It is cut into groups."),
        parameter("level_channels", maybe(listed(INT)), None),
        takes="maps*: b ?c ?h ?w",
        gives="out: b c h w",
    ),
    declared(
        "block",
        "channel_groups",
        parameter("groups", INT, 7),
        parameter("shuffle", options("interleave", "random", "none"), "interleave"),
        takes="maps: b c h w",
        gives="groups: b g k h w, order: c",
    ),
    declared("block", "encoder", parameter("kernel", maybe(INT), None), takes="groups: b g k h w", gives="out: b g d"),
    declared("block", "relation", takes="semantics: b g d", gives="out: b g d, attention: b g g"),
    declared("block", "join", takes="many*: b g d, mask?: b g", gives="out: b g d"),
    declared("block", "mixer", parameter("width", INT, 8), takes="x: b g d, y: b g d", gives="out: b g d"),
    declared("block", "leak", takes="x: b g d, targets: b l", gives="out: b g d"),
    declared("block", "max_similarity", takes="semantics: b m d, labels_vectors: l d", gives="scores: b l"),
    declared(
        "loss",
        "ranknet",
        parameter("difficulty", options("variance", "none"), "variance"),
        takes="scores: b l, targets: b l",
        gives="out: ",
    ),
    declared("loss", "variance", takes="semantics: b g d", gives="out: "),
    declared("metric", "map"),
    declared("metric", "f1", parameter("k", INT, doc="how many labels are predicted.")),
    declared("metric", "micro_f1", parameter("threshold", {"type": "number"}, 0.5)),
    declared(
        "data",
        "glyph_scenes",
        parameter("size", {"type": "integer", "minimum": 16, "maximum": 1024}, 64),
        feeds=("image", "targets"),
    ),
    declared("data", "glosses", feeds=("features", "targets")),
    declared("vectors", "wordnet", parameter("dim", INT, 300)),
    declared(
        "stage",
        "supervised",
        parameter("epochs", INT, 10),
        parameter("batch", INT, 32),
        parameter("optimizer", {}, None, uses="optimizer"),
        parameter("schedule", {}, None, uses="schedule"),
        parameter("lr_scale", maybe({"type": "object", "additionalProperties": NUMBER}), None),
        parameter("precision", {"enum": ["auto", 16, 32]}, "auto"),
        parameter("monitor", {"type": "string", "format": "monitor"}, "map"),
    ),
    declared(
        "optimizer",
        "adam",
        parameter("lr", NUMBER, 1e-3),
        parameter("betas", {"type": "array", "items": [SHARE, SHARE], "minItems": 2, "maxItems": 2}, [0.9, 0.999]),
    ),
    declared("optimizer", "sgd", parameter("lr", NUMBER, 0.1)),
    declared("schedule", "step", parameter("at", listed(NUMBER, minItems=1), doc="after how many epochs.")),
    declared(
        "section",
        "labels",
        parameter("vectors", {}, None, uses="vectors"),
        parameter("normalise", BOOL, True),
    ),
    declared(
        "section",
        "evaluate",
        parameter("tasks", listed(options("zsl", "gzsl", "seen"), minItems=1), ["zsl"]),
        parameter("metrics", listed({}, minItems=1), ["map"], uses="metric"),
    ),
]


@pytest.fixture
def known() -> Registry:
    """The small registry."""
    return Registry(DECLARATIONS)


Read = Callable[..., Spec]


@pytest.fixture
def read(tmp_path: Path, known: Registry, monkeypatch: pytest.MonkeyPatch) -> Read:
    """Read a spec from its text."""

    def make(text: str, **options: Any) -> Spec:
        monkeypatch.chdir(tmp_path)
        Path("spec.yaml").write_text(text, encoding="utf-8")
        return read_spec("spec.yaml", known=known, **options)

    return make


HEAD = """\
data: {use: glyph_scenes}
labels: {vectors: {use: wordnet}}
"""
START = """\
  maps: {use: backbone}
  pyramid: {use: forward_pyramid, in: maps, channels: 8}
  groups: {use: channel_groups, in: pyramid}
  start: {use: encoder, in: groups}
"""
END = "  scores: {use: max_similarity, in: end}\n"


@pytest.fixture
def head() -> str:
    """The sections that feed a model."""
    return HEAD


@pytest.fixture
def start() -> str:
    """The nodes of a model from ``maps`` to ``start``."""
    return START


@pytest.fixture
def plan(read: Any) -> Any:
    """The plan of a spec with these nodes between ``start`` and ``end``."""

    def make(nodes: str, rest: str = "") -> Plan:
        found: Plan = read(f"{HEAD}model:\n{START}{nodes}{END}{rest}").plan
        return found

    return make


@pytest.fixture
def codes(plan: Any) -> Any:
    """The codes and places of a spec's mistakes."""

    def find(nodes: str, rest: str = "") -> list[str]:
        with pytest.raises(SpecErrors) as caught:
            plan(nodes, rest)
        return [error.code for error in caught.value.errors]

    return find
