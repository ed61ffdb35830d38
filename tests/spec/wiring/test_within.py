"""What is inside a composite knows the nodes that it is part of, so that a mistake inside can be told with them."""

from __future__ import annotations

from compose.spec.read import read_spec
from compose.spec.spec_text import SpecText
from compose.spec.wiring.plan import ListOf, Ref

TEXT = """name: nested
data: {use: glyph_scenes, size: 32, train: 32, val: 16, test: 64}
labels: {vectors: {use: wordnet, dim: 12}}
blocks:
  again:
    inputs: [x]
    model: {y: {use: detach, in: x}}
    outputs: {x: y, seen: y}
  outer:
    inputs: [x]
    model:
      copies: {use: again, in: x, repeat: 2, carry: [x], collect: [seen]}
      mean: {use: reduce, in: copies.seen, pattern: "n b d -> b d"}
    outputs: {out: mean}
model:
  pooled: {use: reduce, in: image, pattern: "b c h w -> b c"}
  whole: {use: outer, in: pooled}
  vectors: {use: linear, in: [whole, labels.vectors]}
  scores: {use: einsum, in: [vectors, labels.vectors], pattern: "b d, l d -> b l"}
loss: {labels: {use: bce, in: scores}}
train: {main: {stage: supervised, epochs: 1}}
evaluate: {tasks: [zsl], metrics: [map]}
"""


def test_every_step_names_the_nodes_around_it() -> None:
    plan = read_spec(SpecText(TEXT, "nested.yaml")).plan
    told = {step.name: [note.message for note in step.uses] for step in plan.steps}
    outer, copies = "`whole` uses the block `outer`", "uses the block `again`"
    assert told["pooled"] == []
    assert told["whole.mean"] == [outer]
    assert [step.name for step in plan.steps if step.op == "stack"] == ["whole.copies.seen"]
    assert told["whole.copies.seen"] == [outer]
    assert told["whole.copies.1.y"] == [outer, f"`whole.copies.1` {copies}"]


def test_what_a_plan_says_of_itself() -> None:
    plan = read_spec(SpecText(TEXT, "nested.yaml")).plan
    assert plan.all_steps == (*plan.steps, *(term.step for term in plan.terms))
    assert [step.name for step in plan.all_steps][-1] == "loss.labels"
    assert plan.nodes == ("pooled", "whole", "vectors", "scores")
    assert plan.winner is None
    assert plan.reserved == ("image", "labels.vectors", "targets")
    lesa = read_spec("zoo/lesa.yaml").plan
    assert lesa.winner == Ref("scores", "winner")


def test_two_wires_are_one_whatever_their_list_must_be() -> None:
    assert Ref("a", "out", of=ListOf(3, None)) == Ref("a", "out")
