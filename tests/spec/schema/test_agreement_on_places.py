"""The schema and the command line agree on every value at every place of a spec, and of one that extends it."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any

import pytest

from .judges import VALUES, Judges, trained

SPEC: dict[str, Any] = {
    "name": "rich",
    "description": "all that may stand in a spec",
    "paper": {"title": "x", "deviates": {"size": "x"}},
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


# --- names --------------------------------------------------------------------------------------------------------

OWN = SPEC["blocks"]["own"]
BLANKS = ["a b", "", " ", "a\tb"]
"""What names nothing."""
WITH_NAMES: dict[str, Any] = {
    **{f"sweep {name!r}": {"sweeps": {name: {"seed": [1]}}} for name in BLANKS},
    **{
        f"key of a sweep {key!r}": {"sweeps": {"seeds": {key: [1]}}}
        for key in (*BLANKS, "model..x", "seed.", ".seed", " seed", "seed ", "model.maps. ")
    },
    **{f"{key} {name!r}": {key: name} for key in ("scores", "attention") for name in BLANKS},
    **{f"bypass {name!r}": {"bypass": [name]} for name in (*BLANKS, "own.out")},
    **{
        f"{key} {name!r}": {"model": {**SPEC["model"], "more": {"in": "groups", **node, key: value}}}
        for name in BLANKS
        for key, node, value in (
            ("share", {}, name),
            ("carry", {"use": "encoder", "repeat": 2}, [name]),
            ("collect", {"use": "encoder", "repeat": 2}, [name]),
        )
    },
    **{f"outputs {name!r}": {"blocks": {"own": {**OWN, "outputs": outputs}}} for name in BLANKS for outputs in [name]},
    **{
        f"{where} {name}": part
        for name in ("image", "labels", "loss", "forward", "training")
        for node in [{"use": "encoder", "in": "groups"}]
        for where, part in (
            ("node", {"model": {**SPEC["model"], name: node}}),
            ("node of a variant", {"variants": {"other": {"model": {name: node}}}}),
            ("node of a block", {"blocks": {"own": {**OWN, "model": {**OWN["model"], name: {"share": "one"}}}}}),
        )
    },
}


@pytest.mark.parametrize("case", WITH_NAMES)
def test_what_is_no_name(judges: Judges, case: str) -> None:
    spec = {**SPEC, "variants": {}, **WITH_NAMES[case]}
    assert judges.errors(spec) != []
    assert list(judges.schema.iter_errors(spec)) != []


@pytest.mark.parametrize(("outputs", "right"), [({"out": "two", "more": None}, True), ({"more": None}, False)])
def test_null_removes_an_output(judges: Judges, outputs: dict[str, str | None], right: bool) -> None:
    spec = {**SPEC, "variants": {}, "blocks": {"own": {**OWN, "outputs": outputs}}}
    assert (judges.errors(spec) == []) is right
    assert judges.schema.is_valid(spec) is right
