"""One rule for null: the same text means the same in a plain spec, in a variant, in an extending spec, and in -s."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from compose.errors import SpecErrors
from compose.registry.registry import Registry
from compose.spec.read import Spec, read_spec
from compose.spec.schema.publish import schema_text

from ..conftest import DECLARATIONS, INT, declared, maybe, parameter

BASE: dict[str, Any] = {
    "seed": 3,
    "description": "a small model",
    "data": {"use": "glyph_scenes", "size": 32},
    "labels": {"vectors": {"use": "wordnet", "dim": 50}, "normalise": False},
    "blocks": {
        "layer": {
            "inputs": ["x"],
            "params": {"width": 4},
            "model": {"a": {"use": "mixer", "in": ["x", "x"], "width": "$width"}},
            "outputs": {"x": "a"},
        }
    },
    "model": {
        "maps": {"use": "backbone"},
        "pyramid": {"use": "forward_pyramid", "in": "maps", "channels": 8},
        "groups": {"use": "channel_groups", "in": "pyramid", "shuffle": "random"},
        "start": {"use": "encoder", "in": "groups"},
        "end": {"use": "head", "in": {"x": "start", "mask": "start"}, "hidden": 3},
        "more": {"use": "layer", "in": "end", "width": 5, "repeat": 2, "carry": ["x"]},
        "scores": {"use": "max_similarity", "in": "end"},
    },
    "loss": {
        "rank": {"use": "ranknet", "in": "scores", "weight": 0.6},
        "spread": {"use": "variance", "in": "end"},
        "more": {"use": "variance", "in": "more"},
    },
    "train": {
        "first": {"stage": "supervised", "epochs": 2, "lr_scale": {"end": 2, "more": 3}},
        "main": {"stage": "supervised", "epochs": 3, "optimizer": {"use": "adam", "lr": 0.1}},
    },
    "evaluate": {"tasks": ["seen"], "metrics": ["map", {"use": "micro_f1", "threshold": 0.1}]},
    "variants": {"other": {"seed": 1}},
    "sweeps": {"seeds": {"seed": [0, 1]}},
}
HEAD = declared("block", "head", parameter("hidden", maybe(INT), 256), takes="x: b g d, mask?: b g d", gives="x: b g d")
ABSENT = object()

VALUES = {
    "a parameter that may be null": ("model.end.hidden", None),
    "a parameter that may not": ("model.groups.shuffle", ABSENT),
    "the parameter of a stage": ("train.main.epochs", ABSENT),
    "what is made of a nested mapping, where it may be null": ("train.main.optimizer", None),
    "a nested parameter": ("train.main.optimizer.lr", ABSENT),
    "an entry of a mapping": ("train.first.lr_scale.end", ABSENT),
    "a parameter of the data": ("data.size", ABSENT),
    "a parameter of a section": ("labels.normalise", ABSENT),
    "the vectors": ("labels.vectors.dim", ABSENT),
    "a list": ("evaluate.tasks", ABSENT),
    "the weight of a loss": ("loss.rank.weight", ABSENT),
    "a key of the spec": ("seed", ABSENT),
    "a text of the spec": ("description", ABSENT),
    "a parameter of a composite": ("model.more.width", ABSENT),
}
NAMES = {
    "a node": "model.more",
    "a loss": "loss.more",
    "a stage": "train.first",
    "all stages": "train",
    "all losses": "loss",
    "a section": "evaluate",
}


@pytest.fixture(autouse=True)
def known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    monkeypatch.chdir(tmp_path)
    return Registry([*DECLARATIONS, HEAD])


def nested(path: str, value: Any) -> dict[str, Any]:
    """``a.b`` and a value as mappings."""
    for step in reversed(path.split(".")):
        value = {step: value}
    return value  # type: ignore[no-any-return]


def changed(path: str, value: Any) -> dict[str, Any]:
    """The base with another value."""
    spec = copy.deepcopy(BASE)
    *above, last = path.split(".")
    inner = spec
    for step in above:
        inner = inner[step]
    inner[last] = value
    return spec


def write(spec: dict[str, Any], name: str = "spec.yaml") -> str:
    Path(name).write_text(json.dumps(spec))
    return name


def overlays(path: str, known: Registry) -> dict[str, Spec]:
    """The spec with null laid over it in each of the ways."""
    write(BASE, "base.yaml")
    variant = write({**BASE, "variants": {"null": nested(path, None)}}, "variant.yaml")
    extending = write({"extends": "base.yaml", **nested(path, None)}, "extending.yaml")
    return {
        "variant": read_spec(variant, variants=["null"], known=known),
        "extends": read_spec(extending, known=known),
        "-s": read_spec("base.yaml", overrides=[f"{path}=null"], known=known),
    }


def at(values: Any, path: str) -> Any:
    for step in path.split("."):
        values = values.get(step, ABSENT) if isinstance(values, dict) else ABSENT
    return values


@pytest.mark.parametrize(("path", "expected"), VALUES.values(), ids=VALUES)
def test_null_for_a_value_means_the_same_everywhere(path: str, expected: Any, known: Registry) -> None:
    plain = read_spec(write(changed(path, None)), known=known)
    for place, spec in {**overlays(path, known), "plain": plain}.items():
        assert at(spec.values, path) is expected, place
    assert at(read_spec(write(BASE), known=known).values, path) not in (None, ABSENT)


@pytest.mark.parametrize("path", NAMES.values(), ids=NAMES)
def test_null_for_a_name_removes_it_everywhere(path: str, known: Registry) -> None:
    for place, spec in overlays(path, known).items():
        assert at(spec.values, path) is ABSENT, place


def test_null_unwires_a_port_everywhere(known: Registry) -> None:
    plain = read_spec(write(changed("model.end.in.mask", None)), known=known)
    for place, spec in {**overlays("model.end.in.mask", known), "plain": plain}.items():
        (step,) = [step for step in spec.plan.steps if step.name == "end"]
        assert list(step.inputs) == ["x"], place


def test_null_for_a_port_that_is_none(known: Registry) -> None:
    with pytest.raises(SpecErrors) as caught:
        read_spec(write(BASE), overrides=["model.end.in.msk=null"], known=known)
    (error,) = caught.value.errors
    assert (error.code, error.nearest) == ("unknown-port", "mask")


def test_null_removes_a_composite_that_nothing_uses(known: Registry) -> None:
    spec = read_spec(write(BASE), overrides=["model.more=null", "blocks.layer=null"], known=known)
    assert "blocks" not in spec.values
    assert "more" not in spec.values["loss"]  # type: ignore[operator]


def test_null_removes_a_node_of_a_composite(known: Registry) -> None:
    spec = changed("blocks.layer.model.b", {"use": "relation", "in": "a"})
    found = read_spec(write(spec), overrides=["blocks.layer.model.b=null"], known=known)
    assert list(found.values["blocks"]["layer"]["model"]) == ["a"]  # type: ignore[index, call-overload]


def test_null_as_the_default_of_a_composite_is_no_default(known: Registry) -> None:
    spec = changed("model.more", {"use": "layer", "in": "end"})
    spec["blocks"]["layer"]["params"]["width"] = None
    for name, overrides in (("plain.yaml", []), ("base.yaml", ["blocks.layer.params.width=null", "model.more.width="])):
        with pytest.raises(SpecErrors) as caught:
            read_spec(write(spec if name == "plain.yaml" else BASE, name), overrides=overrides, known=known)
        assert [error.code for error in caught.value.errors] == ["missing-parameter"]


def test_null_for_a_parameter_in_a_list(known: Registry) -> None:
    write(BASE)
    found = read_spec("spec.yaml", overrides=["evaluate.metrics.1.threshold=null"], known=known)
    assert found.values["evaluate"]["metrics"] == ["map", {"use": "micro_f1"}]  # type: ignore[index, call-overload]


@pytest.mark.parametrize("section", ["model", "loss", "train", "blocks"])
def test_a_name_that_never_was(section: str, known: Registry) -> None:
    name = f"{next(iter(BASE[section]))}x"
    plain = write(changed(f"{section}.{name}", None), "plain.yaml")
    for spec, overrides in ((plain, []), (write(BASE), [f"{section}.{name}=null"])):
        with pytest.raises(SpecErrors) as caught:
            read_spec(spec, overrides=overrides, known=known)
        (error,) = caught.value.errors
        assert (error.code, error.nearest) == ("removes-nothing", name[:-1])


def test_a_name_that_an_earlier_layer_removed(known: Registry) -> None:
    spec = {**BASE, "variants": {"a": {"model": {"more": None}}, "b": {"model": {"more": None}}}}
    assert "more" not in read_spec(write(spec), variants=["a", "b"], known=known).plan.nodes


def test_a_name_that_only_a_variant_has(known: Registry) -> None:
    added = {"model": {"added": {"use": "relation", "in": "end"}}}
    spec = {**BASE, "variants": {"a": added, "b": {"model": {"added": None}}}}
    assert "added" not in read_spec(write(spec), variants=["b"], known=known).plan.nodes
    read_spec(write(spec), all_variants=True, known=known)


def test_what_is_said_of_something_removed_is_left_out_with_a_note(known: Registry) -> None:
    spec = {**BASE, "variants": {"no-first": {"train": {"first": None}}, "long": {"train": {"first": {"epochs": 9}}}}}
    found = read_spec(write(spec), variants=["no-first", "long"], known=known)
    assert list(found.values["train"]) == ["main"]  # type: ignore[call-overload]
    note = "variant no-first removes `train.first`, so what variant long says of it is left out"
    assert note in found.notes
    assert found.notes == read_spec("spec.yaml", variants=["no-first", "long"], known=known).notes
    assert read_spec("spec.yaml", variants=["long", "no-first"], known=known).notes == ()


def test_an_unknown_parameter_stays_unknown(known: Registry) -> None:
    with pytest.raises(SpecErrors) as caught:
        read_spec(write(BASE), overrides=["model.end.hiden=null"], known=known)
    (error,) = caught.value.errors
    assert (error.code, error.nearest) == ("unknown-parameter", "hidden")


@pytest.mark.parametrize("path", [path for path, _ in VALUES.values()], ids=VALUES)
def test_the_published_schema_takes_what_the_command_line_takes(path: str, known: Registry) -> None:
    judge = pytest.importorskip("jsonschema").Draft7Validator(json.loads(schema_text(known)))
    assert judge.is_valid(BASE)
    assert judge.is_valid(changed(path, None))
    assert judge.is_valid({**BASE, "variants": {"null": nested(path, None)}})
    assert judge.is_valid({"extends": "base.yaml", **nested(path, None)})
