"""Each kind of difference, renames, and that the differences of two specs are those of the other two, mirrored."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

import compose
from compose.difference.spec_difference import EntryDifference, SpecDifference
from compose.difference.value_difference import ValueDifference
from compose.errors import SpecErrors, UsageError

from .pairs import SMALL, over, renamed

MIRRORED = {"added": "gone", "gone": "added"}


def told(overlay: dict[str, Any], *, costs: bool = False) -> SpecDifference:
    """How the small spec differs from itself with something laid over it."""
    return compose.diff(SMALL, over(SMALL, overlay), costs=costs)


def lines(found: SpecDifference) -> list[str]:
    """What is told of it, without its head and foot."""
    text = found.text.splitlines()[3:]
    return text[: text.index(next(line for line in text if line.startswith("the same:"))) - 1]


def test_equal_specs() -> None:
    found = compose.diff(SMALL, SMALL)
    assert not found
    assert found.text == "<dict> and <dict> are the same"
    assert found.to_json() == {
        "before": "<dict>",
        "after": "<dict>",
        "differ": False,
        "sections": {},
        "parameters": [found.totals[0].parameters] * 2 if found.totals else [],
        "flops": [found.totals[0].flops] * 2 if found.totals else [],
    }


@pytest.mark.parametrize(
    "overlay",
    [
        {"model": {"neck": {"norm": "batch"}}},
        {"data": {"fresh": True}},
        {"evaluate": {"ties": "grouped"}},
        {"train": {"main": {"optimizer": {"use": "adam", "lr": 1e-3}}}},
        {"seed": 0},
        {"name": "other", "description": "another"},
        {"model": {"neck": {"in": {"maps": "backbone.last"}}}},
        {"loss": {"rank": {"weight": 0.75}}},
        {"variants": {"long": {"train": {"main": {"epochs": 9}}}}},
    ],
)
def test_what_is_the_same_written_otherwise(overlay: dict[str, Any]) -> None:
    assert told(overlay).to_json()["sections"] == {}, overlay


@pytest.mark.parametrize(
    ("overlay", "expected"),
    [
        ({"model": {"neck": {"kernel": 3}}}, ["model", "~ neck: convolution", "      kernel 1 → 3"]),
        (
            {"model": {"neck": {"in": "backbone.0"}}},
            ["model", "~ neck: convolution", "      maps ← backbone.last → backbone.0"],
        ),
        (
            {"model": {"scores": {"use": "cosine"}}},
            [
                "model",
                "~ scores: max_similarity → cosine",
                "      first ← places",
                "      second ← labels.vectors",
                "      semantics ← places → nothing",
                "      labels_vectors ← labels.vectors → nothing",
            ],
        ),
        (
            {"model": {"extra": {"use": "activation", "in": "neck"}, "words": {"in": ["extra", "labels.vectors"]}}},
            [
                "model",
                "~ words: convolution",
                "      maps ← neck → extra",
                "+ extra: activation",
                "      features ← neck",
            ],
        ),
        (
            {"loss": {"spread": {"weight": 0.5}}},
            ["loss", "~ rank: ranknet", "      weight 0.75 → 0.5", "~ spread: variance", "      weight 0.25 → 0.5"],
        ),
        (
            {"loss": {"spread": None, "rank": {"weight": 0.75}}},
            ["loss", "- spread: variance", "      semantics ← places", "      weight 0.25"],
        ),
        (
            {"train": {"main": {"optimizer": {"use": "sgd", "lr": 0.1}, "epochs": 3}}},
            ["train", "~ main: supervised", "      epochs 2 → 3", "      optimizer {use: adam} → {use: sgd, lr: 0.1}"],
        ),
        (
            {"train": {"first": None}},
            ["train", "- first: supervised", "      losses [rank], train [neck, words], epochs 1, batch 8"],
        ),
        ({"data": {"size": 48}, "seed": 7}, ["data", "~ size 32 → 48", "", "seed", "~ seed 0 → 7"]),
        (
            {"labels": {"vectors": {"dim": 16}}, "evaluate": {"images": "with_positives"}},
            ["labels", "~ vectors.dim 12 → 16", "", "evaluate", "~ images all → with_positives"],
        ),
        (
            {"bypass": ["neck"]},
            [
                "model",
                "~ words: convolution",
                "      maps ← neck → backbone.last",
                "- neck: convolution",
                "      maps ← backbone.last",
                "      channels 8, kernel 1",
            ],
        ),
    ],
    ids=lambda value: value[1] if isinstance(value, list) else "",
)
def test_a_difference(overlay: dict[str, Any], expected: list[str]) -> None:
    assert lines(told(overlay)) == expected


def test_the_order_of_the_stages() -> None:
    stages = SMALL["train"]
    other = {**SMALL, "train": {name: stages[name] for name in ("main", "first")}}
    assert lines(compose.diff(SMALL, other, costs=False)) == ["train", "~ order [first, main] → [main, first]"]


def test_the_examples_come_from_elsewhere() -> None:
    other = {**SMALL, "data": {"use": "glyph_symbols", "size": 32}}
    found = lines(compose.diff(SMALL, other, costs=False))
    assert found[:3] == ["data", "~ glyph_scenes → glyph_symbols", "      train 32 → none"]


def test_what_follows_from_a_difference_is_told_with_its_cost() -> None:
    found = told({"model": {"neck": {"channels": 16}}}, costs=True)
    states = {entry.name: entry.state for entry in found.sections["model"]}
    assert states == {"neck": "changed", "words": "affected"}
    (words,) = [entry for entry in found.sections["model"] if entry.name == "words"]
    assert words.cost is not None
    assert words.cost[1].parameters - words.cost[0].parameters == 8 * 12
    assert "> words: convolution, parameters " in found.text
    assert found.text.splitlines()[-1].startswith("parameters: ")


def test_totals_are_those_that_show_prints() -> None:
    from compose.model.costs.summary import totals

    found = told({"model": {"neck": {"channels": 16}}}, costs=True)
    made = compose.load(over(SMALL, {"model": {"neck": {"channels": 16}}}))
    assert found.totals is not None
    assert found.totals[1].parameters == totals(made.shaped, made.batch).parameters


# --- renames ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        ({"neck": "throat"}, {"throat": "neck"}),
        ({"neck": "throat", "words": "a", "places": "b"}, {"throat": "neck", "a": "words", "b": "places"}),
        ({"scores": "logits"}, {"logits": "scores"}),
        ({"spread": "shrink"}, {"shrink": "spread"}),
        ({"first": "pretext"}, {"pretext": "first"}),
    ],
    ids=lambda value: "-".join(value),
)
def test_a_rename_is_told_as_one(names: dict[str, str], expected: dict[str, str]) -> None:
    other = renamed(SMALL, names)
    if "spread" in names:
        other["loss"]["rank"]["weight"] = "1 - shrink"
    if "scores" in names:
        other["scores"] = "logits"
    found = compose.diff(SMALL, other, costs=False)
    entries = [entry for entries in found.sections.values() for entry in entries]
    assert {entry.name: entry.was for entry in entries} == expected
    assert {entry.state for entry in entries} == {"renamed"}
    assert f"= {names[next(iter(names))]} (was {next(iter(names))}): " in found.text


def test_a_rename_with_another_difference_is_none() -> None:
    other = over(renamed(SMALL, {"neck": "throat"}), {"model": {"throat": {"kernel": 3}}})
    found = compose.diff(SMALL, other, costs=False)
    assert {entry.name: entry.state for entry in found.sections["model"]} == {
        "throat": "added",
        "words": "changed",
        "neck": "gone",
    }


def test_a_name_that_another_node_takes_over() -> None:
    """What was `scores` is one of two now, and `scores` is their sum."""
    model = {"old": SMALL["model"]["scores"], "scores": {"use": "add", "in": ["old.scores", "old.scores"]}}
    other = {**SMALL, "model": {**SMALL["model"], **model}}
    there = compose.diff(SMALL, other, costs=False)
    assert {entry.name: (entry.state, entry.was) for entry in there.sections["model"]} == {
        "old": ("renamed", "scores"),
        "scores": ("added", ""),
    }
    back = compose.diff(other, SMALL, costs=False)
    assert [(entry.name, entry.state, entry.was) for entry in back.sections["model"]] == [
        ("scores", "renamed", "old"),
        ("scores", "gone", ""),
    ]
    (rank,) = back.sections["loss"][:1]
    assert [str(wire) for wire in rank.wiring] == ["scores scores (gone) → scores"]
    marks = [(box.title, box.mark) for box in back.diagram.boxes if box.mark and box.role != "loss"]
    assert sorted(marks) == [("scores", "changed"), ("scores", "gone")]


def test_of_two_that_are_alike_each_is_known_by_its_readers() -> None:
    two = over(
        SMALL,
        {
            "model": {
                "a": {"use": "activation", "in": "neck"},
                "b": {"use": "activation", "in": "neck"},
                "sum": {"use": "add", "in": ["b", "places_of_a"]},
                "places_of_a": {"use": "activation", "in": "a", "kind": "gelu"},
                "words": {"in": ["sum", "labels.vectors"]},
            }
        },
    )
    found = compose.diff(two, renamed(two, {"a": "z", "b": "y"}), costs=False)
    assert {entry.name: entry.was for entry in found.sections["model"]} == {"z": "a", "y": "b"}
    assert {entry.state for entry in found.sections["model"]} == {"renamed"}


# --- the mirror ---------------------------------------------------------------------------------------------------


def mirrored_values(values: Sequence[ValueDifference]) -> set[tuple[str, str, str]]:
    return {(value.key, repr(value.after), repr(value.before)) for value in values}


def as_sets(entry: EntryDifference, *, mirror: bool, any_renamed: bool) -> tuple[Any, ...]:
    """An entry without the order of its values; mirrored, what it is the other way round."""
    name, was = (entry.was, entry.name) if mirror and entry.was else (entry.name, entry.was)
    use, cost = (entry.use[::-1], entry.cost and entry.cost[::-1]) if mirror else (entry.use, entry.cost)
    state = MIRRORED.get(entry.state, entry.state) if mirror else entry.state
    parts = []
    for values in (entry.values, entry.wiring):
        if any_renamed:  # what is wired is told by the names of the second spec
            parts.append(frozenset(value.key for value in values))
            continue
        back = mirrored_values(values)
        parts.append(frozenset(back if mirror else {(key, old, new) for key, new, old in back}))
    return state, name, was, use, cost, *parts


@pytest.mark.parametrize(
    ("a", "b", "variant"),
    [
        ("zoo/ml2p.yaml", "zoo/hybrids/two-branch.yaml", ()),
        ("zoo/ml2p.yaml", "zoo/lesa.yaml", ()),
        ("zoo/lesa.yaml", "zoo/baselines/biam.yaml", ()),
        ("zoo/stanet.yaml", "zoo/desire-net.yaml", ()),
        ("zoo/ml2p.yaml", "zoo/ml2p.yaml", "table3-a"),
        ("zoo/ml2p.yaml", "zoo/ml2p.yaml", "paper"),
        (SMALL, over(SMALL, {"model": {"neck": {"kernel": 3}}, "loss": {"spread": None, "rank": {"weight": 1}}}), ()),
        (SMALL, over(SMALL, {"bypass": ["neck"], "seed": 3, "data": {"size": 48}}), ()),
    ],
    ids=lambda value: str(value)[:30],
)
def test_the_other_way_round_it_is_the_mirror(a: Any, b: Any, variant: Any) -> None:
    there = compose.diff(a, b, variants=variant, costs=False)
    back = compose.diff(b, a, from_variants=variant, costs=False)
    any_renamed = any(entry.was for entries in there.sections.values() for entry in entries)
    for section, entries in there.sections.items():
        mirrored = {as_sets(entry, mirror=True, any_renamed=any_renamed) for entry in back.sections[section]}
        assert {as_sets(entry, mirror=False, any_renamed=any_renamed) for entry in entries} == mirrored, section


# --- what is compared ---------------------------------------------------------------------------------------------


def test_something_to_compare_with_is_needed() -> None:
    with pytest.raises(UsageError, match="expected a second spec or run, or a variant or override of the first"):
        compose.diff("zoo/ml2p.yaml")


def test_a_mistake_of_a_spec_is_told() -> None:
    with pytest.raises(SpecErrors, match="no variant `no-pyramd`"):
        compose.diff("zoo/ml2p.yaml", variants="no-pyramd")


def test_data_that_is_not_there_is_no_mistake() -> None:
    found = compose.diff("zoo/ml2p.yaml", variants=["paper"])
    assert found.totals is None
    assert found.notes[0].startswith("what zoo/ml2p.yaml -v paper costs is not known: ")
    assert "~ glyph_scenes → nus_wide" in found.text


def test_two_variants_of_one_spec() -> None:
    found = compose.diff("zoo/ml2p.yaml", from_variants="table3-c", variants="no-group-attention", costs=False)
    assert not found
    assert (found.before.title, found.after.title) == (
        "zoo/ml2p.yaml -v table3-c",
        "zoo/ml2p.yaml -v no-group-attention",
    )
