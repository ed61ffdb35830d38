"""The published schema and the command line accept the same specs, as far as a schema can judge."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from compose.errors import SpecError, SpecErrors
from compose.registry.construct import arguments
from compose.registry.declaration import Declaration, Parameter
from compose.registry.registry import Registry, registry
from compose.spec.layers.resolve import find_spec, zoo_names
from compose.spec.read import read_spec
from compose.spec.schema.document import spec_schema
from compose.spec.schema.node_keys import EXTRA_KEYS
from compose.spec.yaml.reader import load_file
from compose.spec.yaml.tree import plain

GOLDEN = Path(__file__).parents[1] / "golden"
JUDGED = (
    "unknown-block", "unknown-parameter", "unknown-loss", "unknown-metric", "unknown-stage", "unknown-optimizer",
    "unknown-schedule", "unknown-data", "unknown-vectors", "unknown-graph", "unknown-key", "wrong-type", "out-of-range",
    "wrong-value", "missing-parameter", "missing-use", "missing-key", "bad-name", "metric-form", "empty",
)  # fmt: skip
"""The codes of mistakes in types, ranges, names and keys; all others are of files, layers and wiring."""


class Judges:
    """Both verdicts on a spec."""

    def __init__(self, known: Registry, folder: Path) -> None:
        self.known, self.file = known, folder / "judged.yaml"
        self.schema = Draft7Validator(spec_schema(known))

    def errors(self, spec: Any) -> list[SpecError]:
        """What the command line finds wrong at the level of the schema."""
        self.file.write_text(json.dumps(spec), encoding="utf-8")
        return judged(self.file, self.known)

    def disagree(self, spec: Any) -> str:
        """On what they disagree; "" where they agree."""
        errors = self.errors(spec)
        refused = [f"{list(e.absolute_path)}: {e.message}" for e in self.schema.iter_errors(spec)]
        if refused:
            return "" if errors else f"good, but {refused[0][:200]}: {spec}"
        return next((f"{error.message}, but good: {spec}" for error in errors if not elsewhere(error)), "")


def elsewhere(error: SpecError) -> bool:
    """Whether no schema can know of a mistake: what a composite takes, or an overlay removes, stands elsewhere."""
    own = "block `own`" in error.message and error.code in ("unknown-parameter", "missing-parameter")
    return own or error.code == "unknown-block" or "filled in" in error.message or "to remove" in error.message


def judged(file: Path, known: Registry, **options: Any) -> list[SpecError]:
    try:
        read_spec(str(file), known=known, all_variants=True, **options)
    except SpecErrors as error:
        return [one for one in error.errors if one.code in JUDGED]
    return []


@pytest.fixture
def judges(known: Registry, tmp_path: Path) -> Judges:
    return Judges(known, tmp_path)


def trained(stage: dict[str, Any]) -> Any:
    """A section ``train`` of one stage."""
    return {"main": stage}


# --- the zoo, and mistakes ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", zoo_names())
def test_the_zoo_with_its_variants(name: str) -> None:
    assert judged(find_spec(name), registry()) == []
    assert list(Draft7Validator(spec_schema(registry())).iter_errors(plain(load_file(find_spec(name))))) == []


NOT_SEEN = {
    "block-missing-parameter": "what a composite needs stands elsewhere in the file",
    "block-unknown-parameter": "and so does what it takes",
    "block-unknown-placeholder": "and so do its parameters",
    "block-wrong-value": "and so does what is filled in",
    "sweep-values": "what a sweep sets stands elsewhere in the file",
    "extends-removes-nothing": "what is removed stands in another file",
    "extends-with-a-mistake": "and so does the block that a parameter is for",
    "metric-with-a-newline": "`$` of a pattern stands before a last newline, too, where Python reads it",
    "not-a-number": "JSON has no such number",
}
"""Mistakes that no schema can know of."""


@pytest.mark.parametrize("path", sorted(GOLDEN.rglob("*.yaml")), ids=lambda path: path.stem)
def test_the_golden_mistakes(path: Path, known: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    try:
        spec = plain(load_file(path))
    except SpecErrors:
        return
    errors = [e for e in judged(Path(path.name), known) if e.place and e.place.document.name == path.name]
    refused = [e.message for e in Draft7Validator(spec_schema(known)).iter_errors(spec)]
    assert bool(refused) == (bool(errors) and path.stem not in NOT_SEEN), (errors, refused)


# --- every parameter, every value ---------------------------------------------------------------------------------

VALUES: list[Any] = [None, True, -1, 0, 1.5, "text", "$width", [], {}, 1e3, 3.0]
ENTRIES = [1, 16, 0.5, "text", [1], ["text"], [0.5, 0.5], {}]
"""Values, one of which every required parameter takes."""


def minimal(declaration: Declaration) -> dict[str, Any]:
    """The least that a class needs."""
    return {p.name: _right(p) for p in declaration.parameters if p.required}


def _right(parameter: Parameter) -> Any:
    fits = Draft7Validator(parameter.schema).is_valid
    return next(value for value in ENTRIES if fits(value))


def hosted(declaration: Declaration, entry: dict[str, Any]) -> dict[str, Any]:
    """The part of a spec in which a class stands."""
    used = {"use": declaration.name, **entry}
    match declaration.kind:
        case "block":
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


def whole(part: dict[str, Any]) -> dict[str, Any]:
    """A spec with this part."""
    return {"data": {"use": "glyph_scenes"}, "model": {"node": {"use": "max_similarity"}}, **part}


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


@pytest.fixture
def real(tmp_path: Path) -> Judges:
    return Judges(registry(), tmp_path)


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
    if parameter is None or parameter.uses:
        return
    cls = registry().load(declaration.kind, declaration.name)
    for value in filter(Draft7Validator(parameter.schema).is_valid, VALUES):
        made = arguments(registry(), cls, declaration, {name: value})[name]
        assert isinstance(made, int) or "number" in json.dumps(parameter.schema) or not isinstance(value, float)


@pytest.mark.parametrize("value", [*VALUES, ["$width"], ["$width", 3], {"a": "$width"}, ["text"]])
def test_every_parameter_in_a_composite(real: Judges, value: Any) -> None:
    told = []
    for declaration, name in PARAMETERS:
        if declaration.kind == "block":
            node = {"use": declaration.name, **minimal(declaration), "in": "x", name: value}
            own = {"inputs": ["x"], "params": {"width": 3}, "model": {"inner": node}, "outputs": "inner"}
            spec = whole({"blocks": {"own": own}, "model": {"node": {"use": "own"}}})
            told.append(real.disagree(spec))
    assert [one for one in told if one] == []


# --- every place of a spec ----------------------------------------------------------------------------------------

SPEC: dict[str, Any] = {
    "name": "rich",
    "description": "all that may stand in a spec",
    "paper": {"title": "x"},
    "seed": 1,
    "data": {"use": "glyph_scenes", "size": 64},
    "labels": {"vectors": {"use": "wordnet", "dim": 300}, "normalise": True},
    "blocks": {
        "own": {
            "description": "x",
            "inputs": ["x"],
            "params": {"width": 3, "kind": "a"},
            "model": {
                "one": {"use": "mixer", "in": ["x", "x"], "width": "$width"},
                "two": {"share": "one", "in": ["x", "one"]},
            },
            "outputs": {"out": "two"},
        }
    },
    "model": {
        "maps": {"use": "backbone", "in": "image", "taps": ["a"]},
        "pyramid": {"use": "forward_pyramid", "in": {"maps": "maps"}, "channels": 8},
        "groups": {"use": "channel_groups", "in": "pyramid"},
        "start": {"use": "encoder", "in": "groups.groups", "repeat": 2, "carry": ["x"], "collect": ["out"]},
        "again": {"share": "start", "in": "groups"},
        "own": {"use": "own", "in": "start", "width": 5},
        "scores": {"use": "max_similarity", "in": ["own", "labels.vectors"]},
    },
    "scores": "scores",
    "attention": "own.out",
    "bypass": ["again"],
    "loss": {"rank": {"use": "ranknet", "in": "scores", "weight": 0.5}, "free": {"in": "own.out"}},
    "train": trained(
        {
            "stage": "supervised",
            "epochs": 3,
            "optimizer": {"use": "adam", "betas": [0.9, 0.99]},
            "schedule": {"use": "step", "at": [1]},
            "lr_scale": {"maps": 0.1},
            "monitor": "loss.rank",
        }
    ),
    "evaluate": {"tasks": ["zsl"], "metrics": ["map", "f1@3", {"use": "micro_f1", "threshold": 0.3}]},
    "variants": {"other": {"model": {"maps": {"use": "backbone", "taps": ["b"]}}, "seed": 2}},
}
ABSENT = object()


def mutants(spec: Any, key: str) -> Iterator[Any]:
    """A spec with every place below a key set to every value, taken away, and given a key that nothing knows."""
    for path, there in places(spec[key], (key,)):
        more = [{**there, "nonsense": 1}] if isinstance(there, dict) else []
        yield from (changed(spec, path, value) for value in (*VALUES, *more, ABSENT))


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[tuple[Any, ...], Any]]:
    yield path, value
    inner = dict(enumerate(value)) if isinstance(value, list) else value
    for key, below in inner.items() if isinstance(inner, dict) else ():
        yield from places(below, (*path, key))


def changed(spec: Any, path: tuple[Any, ...], value: Any) -> Any:
    found = at = copy.deepcopy(spec)
    for step in path[:-1]:
        at = at[step]
    if value is ABSENT:
        del at[path[-1]]
    else:
        at[path[-1]] = value
    return found


SECTIONS = [key for key in SPEC if key not in ("data", "model")]


MODEL = {"maps": {"use": "backbone"}, "scores": {"use": "max_similarity"}}


@pytest.mark.parametrize("key", ["data", "model", *SECTIONS])
def test_every_place(judges: Judges, key: str) -> None:
    spec = {"data": {"use": "glyph_scenes"}, "model": MODEL, key: SPEC[key]}
    if key == "model":
        spec |= {"blocks": SPEC["blocks"]}
    assert judges.errors(spec) == []
    assert [told for mutant in mutants(spec, key) if (told := judges.disagree(mutant))] == []


def test_a_whole_spec(judges: Judges) -> None:
    specs = [{**SPEC, "nonsense": 1}, *VALUES, *({**SPEC, key: None} for key in SPEC)]
    assert judges.errors(SPEC) == []
    assert [told for spec in specs if (told := judges.disagree(spec))] == []


# --- overlays of another file, and metrics ------------------------------------------------------------------------


def test_a_spec_that_extends_another(judges: Judges) -> None:
    judges.file.with_name("base.yaml").write_text(json.dumps({**SPEC, "variants": {}}), encoding="utf-8")
    extends = {"extends": "base.yaml"}
    overlays = [
        {},
        {"nonsense": 1},
        {"model": {"maps": {"use": "backbone", "taps": [5]}}},
        {"model": {"pyramid": {"use": "forward_pyramid", "channels": None}}},
        {"model": {"2nd": {"use": "encoder"}}},
        {"blocks": {"own": {"inputs": []}}},
        {"blocks": {"own": {"outputs": {"more": None}}}},
        *({"blocks": {"own": {key: value}}} for key in SPEC["blocks"]["own"] for value in VALUES),
        *({"variants": {"other": {"blocks": {"own": {key: None}}}}} for key in SPEC["blocks"]["own"]),
        {"blocks": {"own": {"model": {"one": {"use": "mixer", "width": 0}}}}},
        {"evaluate": {"metrics": ["f1@03"]}},
        {"variants": {"other": {"seed": -1}}},
        {"variants": {"other": {"extends": "base.yaml"}}},
        *({key: value} for key in SPEC for value in VALUES),
    ]
    assert judges.errors(extends) == []
    assert [told for over in overlays if (told := judges.disagree({**extends, **over}))] == []


METRICS = [
    "map", "f1@3", "f1@10", "micro_f1", "f1", "f1@", "f1@0", "f1@03", "f1@3@5", "F1@3", "map@3", "mapp", "", "@",
    " map", "loss", "loss.rank", "loss.", "f1@3.0", "f1@-1", "f1@1234567890", 5, None, True, [], {},
    {"use": "map"}, {"use": "f1"}, {"use": "f1", "k": 3}, {"use": "f1", "k": 3.0}, {"use": "f1", "k": 0},
    {"use": "map", "k": 3}, {"use": "f1@3"}, {"use": "micro_f1", "threshold": "half"}, {"name": "map"},
]  # fmt: skip
"""Every spelling of a metric, right or wrong."""


@pytest.mark.parametrize("metric", METRICS, ids=str)
def test_metrics(judges: Judges, metric: Any) -> None:
    measured, monitored = {"metrics": [metric]}, trained({"stage": "supervised", "monitor": metric})
    assert judges.disagree(whole({"evaluate": measured})) == ""
    assert judges.disagree(whole({"train": monitored})) == ""
    assert judges.disagree(whole({"variants": {"other": {"evaluate": measured, "train": monitored}}})) == ""
