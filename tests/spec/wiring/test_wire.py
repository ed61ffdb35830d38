"""Wiring: names, ports, order, bypass, and what cannot be wired."""

from __future__ import annotations

from typing import Any

import pytest

from compose.spec.wiring.plan import Plan, refs


def _inputs(plan: Plan, name: str) -> dict[str, str]:
    step = next(step for step in plan.steps if step.name == name)
    return {port: ", ".join(map(str, refs(value))) for port, value in step.inputs.items()}


def _names(plan: Plan) -> list[str]:
    return [step.name for step in plan.steps]


# --- forms of `in` ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("source", "expected"),
    [
        ("start", {"semantics": "start"}),
        ("start.out", {"semantics": "start"}),
        ("[start]", {"semantics": "start"}),
        ("{semantics: start}", {"semantics": "start"}),
        ("maps.1", {"semantics": "maps.maps.1"}),
        ("maps.maps.0", {"semantics": "maps.maps.0"}),
        ("groups.order", {"semantics": "groups.order"}),
        ("image", {"semantics": "image"}),
    ],
)
def test_one_port(plan: Any, source: str, expected: dict[str, str]) -> None:
    nodes = f"  end: {{use: relation, in: {source}}}\n  other: {{use: relation, in: start}}\n"
    found = plan(nodes, "loss: {x: {use: variance, in: other}}\n")
    assert _inputs(found, "end") == expected


@pytest.mark.parametrize(
    ("block", "source", "expected"),
    [
        ("mixer", "[start, groups]", {"x": "start", "y": "groups.groups"}),
        ("mixer", "{y: start, x: groups}", {"y": "start", "x": "groups.groups"}),
        ("join", "start", {"many": "start"}),
        ("join", "[start, groups, pyramid]", {"many": "start, groups.groups, pyramid"}),
        ("join", "[[start, groups], pyramid]", {"many": "start, groups.groups", "mask": "pyramid"}),
        ("join", "{many: [start, groups], mask: pyramid}", {"many": "start, groups.groups", "mask": "pyramid"}),
        ("join", "{many: start}", {"many": "start"}),
        ("join", "maps", {"many": "maps.maps"}),
        ("join", "[maps.0, maps.1]", {"many": "maps.maps.0, maps.maps.1"}),
    ],
)
def test_many_ports(plan: Any, block: str, source: str, expected: dict[str, str]) -> None:
    found = plan(f"  end: {{use: {block}, in: {source}}}\n", "loss: {x: {use: variance, in: start}}\n")
    assert _inputs(found, "end") == expected


def test_ports_with_a_reserved_name_are_fed_by_it(plan: Any) -> None:
    found = plan("  end: {use: relation, in: start}\n", "loss: {rank: {use: ranknet, in: scores}}\n")
    assert _inputs(found, "maps") == {"image": "image"}
    assert _inputs(found, "scores") == {"semantics": "end", "labels_vectors": "labels.vectors"}
    [term] = found.terms
    assert {port: str(value) for port, value in term.step.inputs.items()} == {
        "scores": "scores.scores",
        "targets": "targets",
    }
    assert found.reserved == ("image", "labels.vectors", "targets")


def test_a_wired_port_is_not_fed_by_its_name(plan: Any) -> None:
    found = plan("  end: {use: leak, in: [start, groups]}\n")
    assert _inputs(found, "end") == {"x": "start", "targets": "groups.groups"}


def test_nodes_come_after_what_they_read(plan: Any) -> None:
    found = plan("  end: {use: relation, in: later}\n  later: {use: relation, in: start}\n")
    assert _names(found) == ["maps", "pyramid", "groups", "start", "later", "end", "scores"]


def test_the_scores_may_have_another_name(read: Any, head: str, start: str) -> None:
    text = f"{head}scores: best\nmodel:\n{start}  best: {{use: max_similarity, in: start}}\n"
    assert str(read(text).plan.scores) == "best.scores"


def test_terms_of_the_loss(plan: Any) -> None:
    terms = ["a: {use: variance, in: start, weight: 0.25}", "b: {use: ranknet, in: {scores: scores}}", "c: {in: end}"]
    found = plan("  end: {use: relation, in: start}\n", "\n  ".join(["loss:", *terms]) + "\n")
    assert [(t.name, t.weight, str(t.value)) for t in found.terms] == [
        ("a", 0.25, "loss.a"), ("b", 1.0, "loss.b"), ("c", 1.0, "end"),
    ]  # fmt: skip
    assert found.terms[2].step is None


# --- bypass -------------------------------------------------------------------------------------------------------


def test_a_bypassed_node_passes_its_first_input_on(plan: Any) -> None:
    found = plan("  mid: {use: mixer, in: [start, groups]}\n  end: {use: relation, in: mid}\n", "bypass: [mid]\n")
    assert "mid" not in _names(found)
    assert _inputs(found, "end") == {"semantics": "start"}


def test_bypassed_nodes_may_follow_one_another(plan: Any) -> None:
    nodes = "  mid: {use: relation, in: start}\n  end: {use: relation, in: mid}\n"
    assert _inputs(plan(nodes, "bypass: [mid, end]\n"), "scores")["semantics"] == "start"


def test_another_output_of_a_bypassed_node_is_not_there(codes: Any) -> None:
    nodes = "  mid: {use: relation, in: start}\n  end: {use: relation, in: mid.attention}\n"
    assert codes(nodes, "bypass: [mid]\n") == ["unknown-port"]


BAD_NAME = ["reserved-name"]


# --- mistakes -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("nodes", "rest", "expected"),
    [
        ("  end: {use: relation, in: strt}\n", "", ["unknown-node"]),
        ("  end: {use: relation, in: labels.vector}\n", "loss: {x: {in: start}}\n", ["unknown-input"]),
        ("  end: {use: relation, in: features}\n", "loss: {x: {in: start}}\n", ["unavailable-input"]),
        ("  end: {use: relation, in: start.nothing}\n", "", ["unknown-port"]),
        ("  end: {use: relation, in: start.0.0}\n", "", ["unknown-port"]),
        ("  end: {use: relation, in: {x: start}}\n", "", ["unknown-port"]),
        ("  end: {use: relation, in: [start, groups]}\n", "", ["too-many-inputs"]),
        ("  end: {use: relation}\n", "", ["missing-input"]),
        ("  end: {use: mixer, in: start}\n", "", ["missing-input"]),
        ("  end: {use: relation, in: start}\n  image: {use: relation, in: end}\n", "", BAD_NAME),
        ("  end: {use: relation, in: start}\n", "bypass: [strt]\n", ["unknown-node"]),
        ("  end: {use: relation, in: start}\n", "scores: ends\n", ["unknown-node"]),
        ("  end: {use: leak, in: start}\n", "", ["targets-in-scores"]),
        ("  end: {use: nothing, in: start}\n", "", ["unknown-block"]),
        ("  end: 3\n", "", ["wrong-type"]),
        ("  end: {use: relation, in: 3}\n", "", ["wrong-type"]),
        ("  end: {use: relation, in: start, repeat: $n, carry: [out]}\n", "", ["wrong-type"]),
        ("  end: {use: relation, in: start}\n", "loss: {x: {in: nothing}}\n", ["unknown-node"]),
        ("  end: {use: relation, in: start}\n", "loss: {x: {use: variance, in: [start, end]}}\n", ["too-many-inputs"]),
    ],
)  # fmt: skip
def test_mistakes(codes: Any, nodes: str, rest: str, expected: list[str]) -> None:
    assert codes(nodes, rest) == expected


def test_a_mistake_does_not_hide_another(codes: Any) -> None:
    nodes = "  mid: {use: relation, in: strt, colour: red}\n  end: {use: mixer, in: [mid, grups], width: 0}\n"
    assert codes(nodes) == ["unknown-node", "unknown-parameter", "unknown-node", "out-of-range"]


def test_all_cycles_are_told(codes: Any) -> None:
    pairs = [("a", "b"), ("b", "a"), ("c", "c"), ("end", "a"), ("also", "c")]
    nodes = "".join(f"  {name}: {{use: relation, in: {source}}}\n" for name, source in pairs)
    assert codes(nodes) == ["cycle", "cycle"]
