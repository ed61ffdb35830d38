"""Laying one tree over another; what null means is settled later, see test_null."""

from __future__ import annotations

from typing import Any

import pytest

from compose.spec.layers.merge import Removed, merge, set_at
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import Mapping, plain


def _tree(text: str) -> Any:
    return load_text(text, "test")


@pytest.mark.parametrize(
    ("base", "over", "expected"),
    [
        ("{a: 1, b: 2}", "{b: 3, c: 4}", {"a": 1, "b": 3, "c": 4}),
        ("{a: {b: 1, c: 2}}", "{a: {c: 3}}", {"a": {"b": 1, "c": 3}}),
        ("{a: {b: 1, c: 2}}", "{a: {b: null}}", {"a": {"b": None, "c": 2}}),
        ("{a: 1, b: 2}", "{a: ~}", {"a": None, "b": 2}),
        ("{a: [1, 2, 3]}", "{a: [4]}", {"a": [4]}),
        ("{a: [{b: 1}]}", "{a: [{c: 2}]}", {"a": [{"c": 2}]}),
        ("{a: {b: 1}}", "{a: 3}", {"a": 3}),
        ("{a: 3}", "{a: {b: 1, c: null}}", {"a": {"b": 1, "c": None}}),
        ("{a: null}", "{a: 3}", {"a": 3}),
        ("{a: null}", "{a: {b: 1}}", {"a": {"b": 1}}),
    ],
)
def test_a_mapping_merges_and_a_list_replaces(base: str, over: str, expected: Any) -> None:
    assert plain(merge(_tree(base), _tree(over))) == expected


def test_another_use_drops_the_parameters_and_keeps_the_wiring() -> None:
    base = _tree("{use: a, in: x, width: 3, repeat: 2, carry: [y], weight: 0.5}")
    over = _tree("{use: b, depth: 4}")
    merged = {"use": "b", "in": "x", "repeat": 2, "carry": ["y"], "weight": 0.5, "depth": 4}
    assert plain(merge(base, over)) == merged
    assert plain(merge(base, _tree("{use: a, width: 4}")))["width"] == 4
    assert plain(merge(base, _tree("{width: 4}")))["use"] == "a"


def test_another_stage_drops_the_options_of_the_old_one() -> None:
    merged = merge(_tree("{stage: a, epochs: 3}"), _tree("{stage: b, batch: 2}"))
    assert plain(merged) == {"stage": "b", "batch": 2}


@pytest.mark.parametrize(
    ("was", "over", "stays"),
    [
        ("{use: a, in: x}", "{width: 3}", True),
        ("{use: a, in: x}", "{use: b}", False),
        ("{stage: a}", "{epochs: 3}", True),
        ("{stage: a}", "{stage: a, epochs: 3}", False),
        ("{in: x.loss, weight: 1}", "{weight: 2}", True),
        ("{in: x.loss, weight: 1}", "{in: y.loss}", False),
        ("{share: a, in: x}", "{in: y}", True),
        ("{inputs: [x], model: {a: {use: b}}, outputs: a}", "{model: {a: {use: c}}}", True),
        ("{tasks: [zsl]}", "{metrics: [map]}", False),
    ],
)
def test_what_is_removed_stays_so_until_a_layer_says_what_it_is(was: str, over: str, stays: bool) -> None:
    removed = merge(_tree(f"{{a: {was}}}"), _tree("{a: null}"))
    found = merge(removed, _tree(f"{{a: {over}}}"))
    assert isinstance(found, Mapping)
    gone = found.items["a"]
    assert isinstance(gone, Removed) == stays
    if isinstance(gone, Removed):
        assert [plain(said) for said in gone.ignored] == [plain(_tree(over))]
        assert plain(gone.was) == plain(_tree(was))  # type: ignore[arg-type]
    else:
        assert plain(gone) == plain(_tree(over))


def test_the_entries_of_a_removed_section_are_removed_one_by_one() -> None:
    removed = merge(_tree("{train: {first: {stage: a}, second: {stage: a}}}"), _tree("{train: null}"))
    found = merge(removed, _tree("{train: {first: {epochs: 3}, second: {stage: b}, third: {stage: c}}}"))
    assert plain(found) == {"train": {"first": None, "second": {"stage": "b"}, "third": {"stage": "c"}}}


def test_another_use_deep_inside() -> None:
    base = _tree("{labels: {vectors: {use: wordnet, dim: 50}}}")
    assert plain(merge(base, _tree("{labels: {vectors: {use: glove, path: x}}}"))) == {
        "labels": {"vectors": {"use": "glove", "path": "x"}}
    }


def test_order_and_places_survive() -> None:
    merged = merge(_tree("a: 1\nb: 2\n"), load_text("\n\nc: 3\na: 4\n", "over"))
    assert isinstance(merged, Mapping)
    assert list(merged.items) == ["a", "b", "c"]
    assert [str(merged.items[key].place) for key in "abc"] == ["over:4:4", "test:2:4", "over:3:4"]
    assert [str(merged.keys[key]) for key in "abc"] == ["over:4:1", "test:2:1", "over:3:1"]


def test_neither_tree_is_changed() -> None:
    base, over = _tree("{a: {b: 1}}"), _tree("{a: {b: null, c: 2}}")
    merge(base, over)
    assert (plain(base), plain(over)) == ({"a": {"b": 1}}, {"a": {"b": None, "c": 2}})


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        (("a",), "3", {"a": 3, "list": [{"b": 1}, 2]}),
        (("new", "deep", "er"), "3", {"a": 1, "list": [{"b": 1}, 2], "new": {"deep": {"er": 3}}}),
        (("list", 0, "b"), "3", {"a": 1, "list": [{"b": 3}, 2]}),
        (("list", 1), "{c: 4}", {"a": 1, "list": [{"b": 1}, {"c": 4}]}),
        (("list", 0), "{c: 4}", {"a": 1, "list": [{"b": 1, "c": 4}, 2]}),
        (("list",), "[7]", {"a": 1, "list": [7]}),
    ],
)
def test_a_value_is_set_at_a_path(path: tuple[str | int, ...], value: str, expected: Any) -> None:
    assert plain(set_at(_tree("{a: 1, list: [{b: 1}, 2]}"), path, _tree(value))) == expected


@pytest.mark.parametrize(
    ("path", "good"), [(("list", 2), 1), (("list", "x"), 1), (("a", "b"), 1), (("x", 0, "y"), 1), ((0,), 0)]
)
def test_a_path_that_leads_nowhere(path: tuple[str | int, ...], good: int) -> None:
    with pytest.raises(KeyError) as caught:
        set_at(_tree("{a: 1, list: [{b: 1}, 2]}"), path, _tree("3"))
    assert caught.value.args == (good,)
