"""From files to one tree: extends, variants, overrides."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from compose.errors import SpecErrors, UsageError
from compose.spec.layers.resolve import Resolved, resolve
from compose.spec.layers.spec_files import find_spec, zoo_names
from compose.spec.yaml.tree import leaves, plain

BASE = """\
name: base
model: {a: {use: x, width: 1}, b: {use: y, in: a}}
train: {first: {stage: s, epochs: 1}, second: {stage: s, epochs: 2}}
variants:
  wide: {model: {a: {width: 8}}}
  short: {train: {second: {epochs: 9}, third: {stage: s}}}
  other: {model: {a: {use: z}, b: null}}
"""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)


def _values(*args: Any, **options: Any) -> Any:
    return plain(resolve("base.yaml", *args, **options).tree)


def _error(*args: Any, **options: Any) -> Any:
    with pytest.raises(SpecErrors) as caught:
        resolve(*args, **options)
    return caught.value.errors[0]


def test_a_plain_spec_loses_its_variants_only() -> None:
    found = resolve("base.yaml")
    assert list(found.tree.items) == ["name", "model", "train"]
    assert list(found.variants) == ["wide", "short", "other"]
    assert (found.chosen, found.overrides, found.name) == ((), (), "base")


def test_variants_are_laid_over_in_order() -> None:
    found = resolve("base.yaml", variants=["wide", "short"])
    assert plain(found.tree)["model"]["a"] == {"use": "x", "width": 8}
    assert list(plain(found.tree)["train"].items()) == [
        ("first", {"stage": "s", "epochs": 1}), ("second", {"stage": "s", "epochs": 9}), ("third", {"stage": "s"}),
    ]  # fmt: skip
    assert found.name == "base-wide-short"
    assert _values(variants=["wide", "other"])["model"] == {"a": {"use": "z"}, "b": None}
    assert _values(variants=["other", "wide"])["model"] == {"a": {"use": "z", "width": 8}, "b": None}


def test_an_unknown_variant() -> None:
    error = _error("base.yaml", variants=["wid"])
    assert (error.code, error.nearest) == ("unknown-variant", "wide")


@pytest.mark.parametrize(
    ("text", "path", "value"),
    [
        ("name=other", ("name",), "other"),
        ("model.a.width=3", ("model", "a", "width"), 3),
        ("model.a.width=5e-5", ("model", "a", "width"), 5e-5),
        ("model.a.width='3'", ("model", "a", "width"), "3"),
        ("train.second.epochs=7", ("train", "second", "epochs"), 7),
        ("train.first={epochs: 3, batch: 2}", ("train", "first"), {"stage": "s", "epochs": 3, "batch": 2}),
        ("train.third={stage: s}", ("train", "third"), {"stage": "s"}),
        ("model.a={use: z, text: 'a=b'}", ("model", "a"), {"use": "z", "text": "a=b"}),
        ("description=a=b", ("description",), "a=b"),
        ("new.deep=true", ("new", "deep"), True),
    ],
)
def test_overrides(text: str, path: tuple[Any, ...], value: Any) -> None:
    found = _values(overrides=[text])
    for step in path:
        found = found[step]
    assert found == value


@pytest.mark.parametrize("text", ["model.b=null", "model.b=~", "model.b="])
def test_an_override_removes(text: str) -> None:
    assert _values(overrides=[text])["model"]["b"] is None


def test_overrides_come_after_variants_and_later_ones_win() -> None:
    found = _values(variants=["wide"], overrides=["model.a.width=2", "model.a.width=3"])
    assert found["model"]["a"]["width"] == 3


@pytest.mark.parametrize("text", ["model", "=3", "model..a=3", ".a=3", ""])
def test_an_override_of_the_wrong_form(text: str) -> None:
    with pytest.raises(UsageError, match="KEY=VALUE"):
        resolve("base.yaml", overrides=[text])


def test_an_override_that_leads_nowhere() -> None:
    error = _error("base.yaml", overrides=["train.0.epochs=3"])
    assert (error.code, str(error.place)) == ("override-path", "command line:1:10")
    assert error.expected == "one of first, second"
    error = _error("base.yaml", overrides=["train.frist.epochs=3"])
    assert (error.code, error.nearest) == ("override-path", "first")
    assert _error("base.yaml", overrides=["name.x=3"]).code == "override-path"
    assert _error("base.yaml", overrides=["model={a: 1"]).code == "syntax"


@pytest.mark.parametrize(
    ("name", "close"),
    [
        ("/no/such/spec.yaml", None),
        ("bse.yml", "base.yaml"),
        ("zoo/startr.yaml", "zoo/starter.yaml"),
        ("startr", "zoo/starter.yaml"),
        ("zoo/prototypicl.yaml", "zoo/baselines/prototypical.yaml"),
        ("zoo/baselins/maml.yaml", "zoo/baselines/maml.yaml"),
    ],
)
def test_a_file_that_does_not_exist_and_the_one_whose_name_is_near(name: str, close: str | None) -> None:
    assert (_error(name).code, _error(name).nearest) == ("no-such-file", close)
    Path("derived.yaml").write_text(f"extends: {name}\n")
    assert _error("derived.yaml").nearest == (close if close != "base.yaml" else None)


def test_a_spec_without_a_name() -> None:
    assert _error("").message == "the name of a spec is empty"


def test_every_value_knows_what_set_it() -> None:
    found = resolve("base.yaml", variants=["wide"], overrides=["train.first.epochs=3"])
    layers = {".".join(map(str, path)): leaf.layer for path, leaf in leaves(found.tree)}
    assert layers["model.a.use"] == ""
    assert layers["model.a.width"] == "variant wide"
    assert layers["train.first.epochs"] == "-s train.first.epochs=3"


def _extend(name: str, text: str) -> Resolved:
    Path(name).parent.mkdir(exist_ok=True)
    Path(name).write_text(text)
    return resolve(name)


def test_extends_lays_a_spec_over_another() -> None:
    found = _extend("derived.yaml", "extends: base.yaml\nname: derived\nmodel: {a: {width: 5}, b: null, c: {use: w}}\n")
    assert plain(found.tree)["model"] == {"a": {"use": "x", "width": 5}, "b": None, "c": {"use": "w"}}
    assert plain(found.tree)["train"]["second"] == {"stage": "s", "epochs": 2}
    assert found.name == "derived"
    assert list(found.variants) == ["wide", "short", "other"]


def test_extends_adds_and_replaces_variants() -> None:
    found = _extend("derived.yaml", "extends: base.yaml\nvariants: {wide: {name: w}, more: {name: m}}\n")
    assert list(found.variants) == ["wide", "short", "other", "more"]
    assert plain(found.variants["wide"]) == {"name": "w"}


def test_null_removes_the_variants_of_the_extended_spec() -> None:
    assert _extend("derived.yaml", "extends: base.yaml\nvariants: null\n").variants == {}


def test_null_removes_one_variant_of_the_extended_spec() -> None:
    found = _extend("derived.yaml", "extends: base.yaml\nvariants: {wide: null}\n")
    assert list(found.variants) == ["short", "other"]
    assert list(resolve("base.yaml", overrides=["variants.wide=null"]).variants) == ["short", "other"]


def test_null_of_an_unknown_variant() -> None:
    Path("derived.yaml").write_text("extends: base.yaml\nvariants: {wid: null}\n")
    assert (_error("derived.yaml").code, _error("derived.yaml").nearest) == ("removes-nothing", "wide")
    assert _error("base.yaml", overrides=["variants.wid=null"]).nearest == "wide"


def test_a_chain_of_extends_from_other_folders() -> None:
    _extend("sub/middle.yaml", "extends: ../base.yaml\nmodel: {a: {width: 2, depth: 2}}\n")
    found = _extend("top.yaml", "extends: sub/middle.yaml\nmodel: {a: {depth: 3}}\n")
    assert plain(found.tree)["model"]["a"] == {"use": "x", "width": 2, "depth": 3}


def test_extends_in_a_circle() -> None:
    Path("one.yaml").write_text("extends: two.yaml\n")
    error = _extend_error("two.yaml", "extends: one.yaml\n")
    assert error.code == "extends-cycle"
    assert error.place.document.name in ("one.yaml", "two.yaml")
    assert _extend_error("self.yaml", "extends: ./self.yaml\n").code == "extends-cycle"


def _extend_error(name: str, text: str) -> Any:
    Path(name).write_text(text)
    return _error(name)


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("extends: nothing.yaml\n", "no-such-file"),
        ("extends: [base.yaml]\n", "wrong-type"),
        ("extends: .\n", "directory"),
        ("- a\n", "wrong-type"),
        ("variants: [a]\n", "wrong-type"),
        ("variants: {a: 3}\n", "wrong-type"),
        ("variants: {a: {extends: base.yaml}}\n", "unknown-key"),
    ],
)
def test_what_cannot_be_resolved(text: str, code: str) -> None:
    error = _extend_error("wrong.yaml", text)
    assert error.code == code
    assert str(error.place).startswith("wrong.yaml:1:")


def test_mistakes_in_the_file_that_is_extended_stand_there() -> None:
    Path("broken.yaml").write_text("a: 1\na: 2\n")
    assert str(_extend_error("derived.yaml", "extends: broken.yaml\n").place) == "broken.yaml:2:1"


def test_specs_of_the_zoo_are_found_by_name() -> None:
    for name in zoo_names():
        short = name.removeprefix("zoo/")
        assert find_spec(name) == find_spec(short) == find_spec(short.removesuffix(".yaml"))
        assert find_spec(name).is_file()


def test_a_path_that_exists_wins_over_the_zoo() -> None:
    for name in zoo_names()[:1]:
        Path(name).parent.mkdir(parents=True)
        Path(name).write_text("name: mine\n")
        assert plain(resolve(name).tree) == {"name": "mine"}


def test_no_more_specs_extend_one_another_than_may() -> None:
    for index in range(60):
        Path(f"s{index}.yaml").write_text(f"extends: s{index + 1}.yaml\n")
    Path("s60.yaml").write_text(BASE)
    assert resolve("s11.yaml").name == "base"
    with pytest.raises(SpecErrors) as caught:
        resolve("s0.yaml")
    assert [error.code for error in caught.value.errors] == ["extends-depth"]


@pytest.mark.parametrize("extends", ["pipe", "circle", "a" * 6000, '"a\\0b"', "/dev/zero", "."])
def test_a_base_that_is_no_file_is_told_where_it_is_named(extends: str) -> None:
    os.mkfifo("pipe")
    os.symlink("circle", "circle")
    Path("over.yaml").write_text(f"name: over\nextends: {extends}\n")
    with pytest.raises(SpecErrors) as caught:
        resolve("over.yaml")
    (error,) = caught.value.errors
    assert error.place is not None
    assert (error.place.document.name, error.place.line) == ("over.yaml", 2)
