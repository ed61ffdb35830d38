"""A node whose list port holds one tensor feeds ports that take one, wherever a reference stands."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import torch

from compose.drawing.graph.diagram import diagram
from compose.errors import SpecErrors
from compose.model.python_code import python_code
from compose.training.prepare import Prepared

Make = Callable[..., Prepared]

NODES = """model:
  backbone: {{use: backbone, arch: conv64, taps: [{taps}], channels: [6, 12, 12, 12]}}
  {nodes}
  stack: {{use: widen, in: pooled, width: 12, repeat: 1, collect: [out]}}
  rows: {{use: rows, in: stack.out}}
  scores: {{use: max_similarity, in: [rows, labels.vectors]}}
blocks: {{inside: {{inputs: [x], model: {{mean: {{use: pool_map, in: x}}}}, outputs: mean}}}}
"""
FORMS = {
    "the node": "pooled: {use: pool_map, in: MAP}",
    "in a list": "pooled: {use: pool_map, in: [MAP]}",
    "by name": "pooled: {use: pool_map, in: {maps: MAP}}",
    "in a list for a list port": "kept: {use: keep, in: {maps: [MAP, MAP]}}\n  pooled: {use: pool_map, in: kept.0}",
    "a composite": "pooled: {use: inside, in: MAP}",
    "a bypassed node": "passed: {use: keep_one, in: MAP}\n  pooled: {use: pool_map, in: passed}\nbypass: [passed]",
    "a bypassed list": "passed: {use: keep, in: [MAP]}\n  pooled: {use: pool_map, in: passed}\nbypass: [passed]",
    "a carried port": "passed: {use: keep_one, in: MAP, repeat: 2, carry: [maps]}\n"
    "  pooled: {use: pool_map, in: passed}",
    "collected copies": "copies: {use: keep_one, in: MAP, repeat: 2, collect: [maps]}\n"
    "  one: {use: half, in: copies.maps}\n  pooled: {use: pool_map, in: one}",
}


def spec(nodes: str, *, taps: str = "block2", rest: str = "") -> str:
    nodes, _, bypass = nodes.partition("\nbypass")
    return NODES.format(nodes=nodes, taps=taps) + (f"bypass{bypass}\n" if bypass else "") + rest


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("named", ["backbone", "backbone.maps"])
def test_one_tensor_is_taken(prepared: Make, form: str, named: str) -> None:
    found, spelt = (
        prepared(spec(FORMS[form].replace("MAP", name))).build().inference for name in (named, "backbone.last")
    )
    spelt.load_state_dict(found.state_dict())
    given = {"image": torch.randn(2, 3, 32, 32), "labels_vectors": torch.randn(5, 12)}
    assert torch.equal(found(**given)["scores"], spelt(**given)["scores"])


@pytest.mark.parametrize("named", ["backbone", "backbone.last"])
def test_a_bypassed_list_is_one_still(prepared: Make, named: str) -> None:
    nodes = f"passed: {{use: keep, in: [{named}]}}\n  pooled: {{use: pool_map, in: passed.0}}\nbypass: [passed]"
    assert prepared(spec(nodes)).shaped.facts["pooled"].outputs == {"out": (4, 12)}


@pytest.mark.parametrize("form", FORMS)
def test_one_of_several_has_to_be_named(prepared: Make, form: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        _ = prepared(spec(FORMS[form].replace("MAP", "backbone"), taps="block1, block2")).shaped
    error = caught.value.errors[0]
    assert error.code == "list-for-one"
    assert error.message == "`backbone.maps` is a list of 2 tensors, and one is wanted here"
    assert error.expected == (
        "one of `backbone.last` (4 × 12 × 8 × 8), `backbone.tokens` (4 × 64 × 12), `backbone.pooled` (4 × 12), "
        "`backbone.maps.0` (4 × 6 × 16 × 16), `backbone.maps.1` (4 × 12 × 8 × 8)"
    )


ENDS = """  listed: {use: enlist, in: scores}
  mean: {use: enlist_mean, in: scores}
  place: {use: enlist, in: backbone}
"""


@pytest.fixture
def ends(prepared: Make) -> Prepared:
    """A spec whose scores, attention and losses are lists of one."""
    text = (
        spec(FORMS["the node"].replace("MAP", "backbone")).replace("blocks:", f"{ENDS}blocks:")
        + "scores: listed\nattention: place\n"
    )
    return prepared(text, overrides=("loss.rank.in=listed", "loss.mean={in: mean}"))


def test_scores_attention_and_losses_take_the_one_tensor(ends: Prepared) -> None:
    built = ends.build()
    given = {"image": torch.randn(2, 3, 32, 32), "labels_vectors": torch.randn(5, 12)}
    seen = built.looking(**given)
    assert seen["scores"].shape == (2, 5)
    assert seen["attention"].shape == (2, 12, 8, 8)
    trained = built.training(**given, targets=torch.ones(2, 5, dtype=torch.int8))
    assert torch.equal(trained["loss.mean"], trained["scores"].mean())
    assert trained["loss.rank"].shape == ()


def test_code_and_picture_agree(ends: Prepared) -> None:
    code = python_code(ends.shaped, ends.spec.registry, "ends", inference=True)
    assert "getitem = backbone_maps[0]" in code
    arrows = {(arrow.start, arrow.end): arrow.label for arrow in diagram(ends.spec.plan, title="").arrows}
    assert arrows["backbone", "pooled"] == "maps"


@pytest.mark.parametrize("key", ["scores: passed", "attention: passed", "loss: {mean: {in: passed}}"])
def test_an_end_is_one_tensor(prepared: Make, key: str) -> None:
    """A bypassed node may pass several on."""
    nodes = f"{FORMS['the node'].replace('MAP', 'backbone')}\n  passed: {{use: total, in: [pooled, pooled]}}"
    changed = ("loss.mean={in: passed}",) if key.startswith("loss") else ()
    text = spec(nodes) + "bypass: [passed]\n" + ("" if changed else f"{key}\n")
    with pytest.raises(SpecErrors, match="`passed` passes on 2 tensors, and one is wanted here"):
        prepared(text, overrides=changed)
