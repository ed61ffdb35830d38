"""What only serves a removed part goes with it, with a note; a name that never was stays a mistake."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compose.block import Kind
from compose.errors import SpecErrors
from compose.registry.declaration import Parameter
from compose.registry.registry import Registry
from compose.spec.read import Spec, read_spec

from ..conftest import DECLARATIONS, INT, TEXT, declared, listed, maybe, parameter


def naming(name: str, refers: str, *, needed: bool = False) -> Parameter:
    schema = maybe({"type": "object"} if name == "lr_scale" else listed(TEXT))
    return Parameter(name, schema, False, None, "", None, refers, needed)


STAGE: Kind = "stage"
KNOWN = [
    *DECLARATIONS,
    declared(
        STAGE,
        "adapting",
        parameter("epochs", INT, 10),
        naming("losses", "losses", needed=True),
        naming("train", "nodes", needed=True),
        naming("freeze", "nodes"),
        naming("lr_scale", "nodes"),
    ),
    declared("section", "evaluate", naming("adapt", "nodes")),
    declared("block", "dim", takes="x: b g d, mask?: b g", gives="out: b g d, attention: b g h w"),
]
SPEC = """\
data: {use: glyph_scenes}
labels: {vectors: {use: wordnet}}
model:
  maps: {use: backbone}
  pyramid: {use: forward_pyramid, in: maps, channels: 8}
  groups: {use: channel_groups, in: pyramid}
  start: {use: encoder, in: groups}
  extra: {use: relation, in: start}
  deep: {use: relation, in: extra}
  joined: {use: join, in: [start, deep]}
  end: {use: dim, in: {x: joined, mask: extra}}
  scores: {use: max_similarity, in: end}
loss:
  rank: {use: ranknet, in: scores}
  extra: {use: variance, in: extra}
  deep: {use: variance, in: deep}
train:
  first: {stage: adapting, losses: [extra], train: [maps, extra]}
  second: {stage: adapting, losses: [rank, deep], train: [maps, ex*, deep], freeze: [extra], lr_scale: {extra: 2}}
  third: {stage: adapting, train: [extra, deep]}
evaluate: {adapt: [extra]}
"""


@pytest.fixture
def read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.chdir(tmp_path)

    def make(*overrides: str, text: str = SPEC) -> Spec:
        Path("spec.yaml").write_text(text)
        return read_spec("spec.yaml", overrides=overrides, known=Registry(KNOWN))

    return make


def mistakes(read: Any, *overrides: str, text: str = SPEC) -> list[tuple[str, str | None, list[str]]]:
    with pytest.raises(SpecErrors) as caught:
        read(*overrides, text=text)
    return [(e.code, e.nearest, [note.message for note in e.notes]) for e in caught.value.errors]


def test_nothing_is_left_out_where_nothing_is_removed(read: Any) -> None:
    assert read().notes == ()
    assert list(read().values["train"]) == ["first", "second", "third"]


def test_all_that_serves_a_removed_node_goes(read: Any) -> None:
    spec = read("model.extra=null")
    assert spec.plan.nodes == ("maps", "pyramid", "groups", "start", "joined", "end", "scores")
    assert [term.name for term in spec.plan.terms] == ["rank"]
    assert spec.values["train"] == {"second": {"stage": "adapting", "losses": ["rank"], "train": ["maps"]}}
    assert spec.values["evaluate"] == {}
    assert spec.notes == (
        "`joined` goes without `deep`, which is removed",
        "`end` goes without `extra`, which is removed",
        "`deep` reads `extra`, which is removed, and is left out",
        "the loss `extra` reads `extra`, which is removed, and is left out",
        "the loss `deep` reads `deep`, which is removed, and is left out",
        "the stage `first` is left out: `losses` names only what is removed",
        "the stage `third` is left out: `train` names only what is removed",
    )


def test_a_node_that_is_needed_and_reads_a_removed_one_is_a_mistake(read: Any) -> None:
    assert mistakes(read, "model.groups=null") == [
        ("unknown-node", None, ["`groups` is removed by -s model.groups=null"])
    ]


def test_a_node_that_nothing_reads_is_left_out_of_a_plain_spec(read: Any) -> None:
    text = SPEC.replace("  scores:", "  a: {use: relation, in: end}\n  b: {use: relation, in: a}\n  scores:")
    spec = read(text=text)
    assert {"a", "b"} & {*spec.plan.nodes, *spec.values["model"]} == set()
    assert spec.notes == (
        "`a` is read by nothing that is trained or scored and left out",
        "`b` is read by nothing and left out",
    )


def test_a_node_that_nothing_reads_is_checked_nevertheless(read: Any) -> None:
    text = SPEC.replace("  scores:", "  a: {use: relation, in: edn}\n  scores:")
    assert mistakes(read, text=text) == [("unknown-node", "end", [])]


def test_what_the_data_lacks_for_a_node_that_nothing_reads_is_no_mistake(read: Any) -> None:
    text = SPEC.replace("  scores:", "  a: {use: relation, in: features}\n  scores:")
    assert read(text=text).notes == ("`a` is read by nothing and left out",)


def test_a_removed_loss_leaves_its_nodes_and_stages_without_work(read: Any) -> None:
    spec = read("loss.extra=null")
    assert list(spec.values["train"]) == ["second", "third"]
    assert spec.notes == ("the stage `first` is left out: `losses` names only what is removed",)


def test_names_that_never_were_stay_in_a_stage(read: Any) -> None:
    spec = read("model.extra=null", "train.second.losses=[rank, extra, rnak]", "train.second.freeze=[extra, enc]")
    assert spec.values["train"]["second"]["losses"] == ["rank", "rnak"]
    assert spec.values["train"]["second"]["freeze"] == ["enc"]


def test_the_attention_and_a_bypass_of_a_removed_node(read: Any) -> None:
    text = f"{SPEC}attention: deep.attention\nbypass: [deep, start]\n"
    spec = read("model.deep=null", text=text)
    assert spec.values["bypass"] == ["start"]
    assert str(spec.plan.attention) == "end.attention"
    assert "`attention: deep.attention` names a node that is removed, and is left out" in spec.notes


def test_a_bypass_of_a_node_that_nothing_reads(read: Any) -> None:
    text = SPEC.replace("  scores:", "  a: {use: relation, in: end}\n  scores:") + "bypass: [a, start]\n"
    assert read(text=text).values["bypass"] == ["start"]


def test_a_stage_that_trains_only_what_nothing_reads_is_a_mistake(read: Any) -> None:
    text = SPEC.replace("  scores:", "  a: {use: relation, in: end}\n  scores:")
    with pytest.raises(SpecErrors) as raised:
        read("train.second.train=[a]", text=text)
    (error,) = raised.value.errors
    assert error.message == "the stage `second` has nothing to do: nothing reads what its `train` names"


def test_a_list_of_removed_nodes_alone_is_a_mistake(read: Any) -> None:
    text = SPEC.replace("in: [start, deep]", "in: [deep]")
    assert mistakes(read, "model.deep=null", text=text)[0][0] == "unknown-node"


def test_a_node_of_a_composite_that_nothing_reads(read: Any) -> None:
    block = "blocks: {b: {inputs: [x], model: {a: {use: relation, in: x}, c: {use: relation, in: x}}, outputs: a}}\n"
    text = block + SPEC.replace("  end: {use: dim", "  other: {use: b, in: joined}\n  end: {use: dim").replace(
        "{x: joined,", "{x: other,"
    )
    spec = read(text=text)
    assert spec.notes == ("`c` of the block `b` is read by nothing and left out",)
    assert "other.c" not in [step.name for step in spec.plan.steps]


def test_inputs_and_parameters_of_a_composite_that_nothing_reads(read: Any) -> None:
    model = "{a: {use: mixer, in: [x, x], width: $width}}"
    block = f"blocks: {{b: {{inputs: [x, y], params: {{width: 8, depth: 2}}, model: {model}, outputs: a}}}}\n"
    text = block + SPEC.replace(
        "  end: {use: dim", "  other: {use: b, in: [joined, joined]}\n  end: {use: dim"
    ).replace("{x: joined,", "{x: other,")
    assert read(text=text).notes == (
        "the input `y` of the block `b` is read by nothing",
        "the parameter `depth` of the block `b` is read by nothing",
    )
