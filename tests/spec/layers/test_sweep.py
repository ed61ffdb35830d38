"""Sweeps: grids of values and variants, expanded in order."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compose.errors import SpecErrors
from compose.registry.registry import Registry
from compose.spec.layers.resolve import Resolved, resolve
from compose.spec.layers.sweep import MOST_MEMBERS, Member, probes, sweep
from compose.spec.read import read_spec

BASE = Path(__file__).parents[1] / "golden" / "base.yaml"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def resolved(sweeps: str) -> Resolved:
    Path("spec.yaml").write_text(f"{BASE.read_text()}sweeps: {sweeps}\n")
    return resolve("spec.yaml")


def test_one_key() -> None:
    assert sweep(resolved("{groups: {model.groups.groups: [1, 3]}}"), "groups") == [
        Member("groups=1", (), ("model.groups.groups=1",)),
        Member("groups=3", (), ("model.groups.groups=3",)),
    ]


def test_several_keys_make_the_product_with_the_last_one_running_first() -> None:
    found = sweep(resolved("{both: {model.groups.groups: [1, 3], seed: [0, 1]}}"), "both")
    names = [member.name for member in found]
    assert names == ["groups=1, seed=0", "groups=1, seed=1", "groups=3, seed=0", "groups=3, seed=1"]
    assert found[2].overrides == ("model.groups.groups=3", "seed=0")


def test_variants_are_an_axis() -> None:
    found = sweep(resolved("{t: {variants: [small, [small, no-relation], []], seed: [0]}}"), "t")
    assert [(member.name, member.variants) for member in found] == [
        ("small, seed=0", ("small",)),
        ("small+no-relation, seed=0", ("small", "no-relation")),
        ("base, seed=0", ()),
    ]


def test_a_name_is_as_long_as_it_must_be() -> None:
    found = sweep(resolved("{w: {loss.rank.weight: [1], loss.spread.weight: [2], train.main.epochs: [3]}}"), "w")
    assert found[0].name == "rank.weight=1, spread.weight=2, epochs=3"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("0.1", "seed=0.1"),
        ("1e-5", "seed=1e-5"),
        ("true", "seed=true"),
        ("'1'", 'seed="1"'),
        ("word", "seed=word"),
        ("[a, 2]", "seed=[a, 2]"),
        ("{use: sgd, lr: 0.1}", "seed={use: sgd, lr: 0.1}"),
        ("null", "seed=null"),
        (".inf", "seed=.inf"),
    ],
)
def test_values_survive_the_command_line(value: str, text: str) -> None:
    from compose.spec.yaml.reader import load_text
    from compose.spec.yaml.tree import plain

    (member,) = sweep(resolved(f"{{s: {{seed: [{value}]}}}}"), "s")
    assert member.overrides == (text,)
    assert plain(load_text(f"[{text.partition('=')[2]}]", "x")) == plain(load_text(f"[{value}]", "x"))


def test_probes_have_every_value_once() -> None:
    found = probes(resolved("{both: {model.groups.groups: [1, 3, 5], seed: [0, 1]}}"), "both")
    names = [member.name for member in found]
    assert names == ["groups=1, seed=0", "groups=3, seed=0", "groups=5, seed=0", "groups=1, seed=1"]


def test_an_unknown_sweep() -> None:
    with pytest.raises(SpecErrors) as caught:
        sweep(resolved("{groups: {seed: [1]}}"), "group")
    assert (caught.value.errors[0].code, caught.value.errors[0].nearest) == ("unknown-sweep", "groups")


@pytest.mark.parametrize("sweeps", ["[seed]", "{s: [1]}", "{s: {}}", "{s: {seed: 1}}", "{s: {seed: []}}"])
def test_a_sweep_of_another_form(sweeps: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        resolved(sweeps)
    assert [error.code for error in caught.value.errors] == ["wrong-type"]


@pytest.mark.parametrize(
    "key", ["model..x", "seed.", '"a=b"', '"a b"', "variants.small.seed", "sweeps.s", "extends", '""']
)
def test_a_key_of_a_sweep_that_is_no_path_of_the_spec(key: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        resolved(f"{{s: {{{key}: [1]}}}}")
    (error,) = caught.value.errors
    assert error.place is not None
    assert (error.code, error.place.column, error.place.length) == ("bad-name", 14, len(key))


def test_what_a_sweep_removes_is_told_in_the_sweep(known: Registry) -> None:
    resolved("{s: {model.groups: [null]}}")
    with pytest.raises(SpecErrors) as caught:
        read_spec("spec.yaml", known=known, all_variants=True)
    note = caught.value.errors[0].notes[0]
    assert note.message == "`groups` is removed by the sweep"
    assert note.place is not None
    assert note.place.document.name == "spec.yaml"


def test_sweeps_are_inherited_and_null_removes_one() -> None:
    resolved("{a: {seed: [1]}, b: {seed: [2]}}")
    Path("derived.yaml").write_text("extends: spec.yaml\nsweeps: {a: null, c: {seed: [3]}}\n")
    assert list(resolve("derived.yaml").sweeps) == ["b", "c"]
    assert resolve("derived.yaml").own_sweeps == ("c",)
    assert list(resolve("spec.yaml", overrides=["sweeps.a=null"]).sweeps) == ["b"]
    Path("derived.yaml").write_text("extends: spec.yaml\nsweeps: null\n")
    assert resolve("derived.yaml").sweeps == {}


def test_a_variant_cannot_have_sweeps(known: Registry) -> None:
    Path("spec.yaml").write_text(BASE.read_text().replace("small: {", "small: {sweeps: {}, "))
    with pytest.raises(SpecErrors) as caught:
        read_spec("spec.yaml", known=known)
    assert caught.value.errors[0].message == "the variant `small` cannot have `sweeps`"


def test_all_members_are_read(known: Registry) -> None:
    found = resolved("{t: {variants: [small, no-relation], model.groups.groups: [1, 2]}}")
    for member in sweep(found, "t"):
        spec: Any = read_spec("spec.yaml", variants=member.variants, overrides=member.overrides, known=known)
        assert spec.values["model"]["groups"]["groups"] == int(member.name[-1])


def test_no_more_members_than_may_be() -> None:
    values = ", ".join(["1"] * 40)
    grid = resolved(f"{{s: {{seed: [{values}], train.main.epochs: [{values}]}}}}")
    assert len(probes(grid, "s")) == 79
    with pytest.raises(SpecErrors) as caught:
        sweep(grid, "s")
    (error,) = caught.value.errors
    assert (error.code, error.message) == ("too-many-members", "the sweep `s` has 1,600 members")


def test_as_many_members_as_may_be() -> None:
    values = ", ".join(["1"] * MOST_MEMBERS)
    assert len(sweep(resolved(f"{{s: {{seed: [{values}]}}}}"), "s")) == 1000
    with pytest.raises(SpecErrors, match="the sweep `s` has 1,001 values"):
        sweep(resolved(f"{{s: {{seed: [{values}, 1]}}}}"), "s")


def test_no_more_values_than_may_be() -> None:
    many = resolved(f"{{s: {{seed: [{', '.join(['1'] * 1200)}]}}}}")
    with pytest.raises(SpecErrors) as caught:
        probes(many, "s")
    (error,) = caught.value.errors
    assert (error.code, error.message) == ("too-many-members", "the sweep `s` has 1,200 values")
