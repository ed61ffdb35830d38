"""A block that fails only with values is told at its line, too: where its weights are made, and where it runs."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import compose
from compose.errors import SpecErrors
from compose.model.failures.run_failure import BlockFailure

SPEC = """\
name: small
data: {use: glyph_scenes, size: 32, train: 8, val: 4, test: 4}
labels: {vectors: {use: wordnet, dim: 12}}
model:
  backbone: {use: backbone, arch: conv64, channels: [8, 12]}
  gate: {use: my_gate, in: backbone.last}
  places: {use: rearrange, in: gate, pattern: "b c h w -> b (h w) c"}
  regions: {use: linear, in: [places, labels.vectors]}
  scores: {use: max_similarity, in: [regions, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised, batch: 4, epochs: 1}}
evaluate: {tasks: [zsl], metrics: [map]}
"""
BLOCK = """\
from jaxtyping import Float
import torch
from torch import Tensor, nn
from compose.block import BlockError, Dim, block

@block(name="my_gate")
class Gate(nn.Module):
    '''Let some of a map through.'''
    def __init__(self, channels: Dim[int, " c"]) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels, 1, 1))
        {init}
    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        {forward}
        return self.weight * maps
"""
REAL = "not self.weight.is_meta and "


def _train(folder: Path, *, init: str = "pass", forward: str = "pass") -> None:
    (folder / "small.yaml").write_text(SPEC)
    (folder / "mine.py").write_text(BLOCK.format(init=init, forward=forward))
    assert compose.validate("small.yaml", blocks=["mine.py"])
    compose.train("small.yaml", blocks=["mine.py"], out=folder / "run", device="cpu")


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_block_that_takes_no_picture_alone_is_found_before(folder: Path) -> None:
    (folder / "small.yaml").write_text(SPEC)
    (folder / "mine.py").write_text(BLOCK.format(init="pass", forward="maps = maps.squeeze()"))
    (error,) = compose.validate("small.yaml", blocks=["mine.py"]).errors
    assert error.message.startswith("`gate.out` is 12 × 8 × 8, but its block declares b c h w")
    assert [note.message for note in error.notes][-1] == "while the task zsl is scored"


def test_a_constructor_that_fails_with_real_weights(folder: Path) -> None:
    with pytest.raises(SpecErrors) as caught:
        _train(folder, init="self.weight.is_meta or [][0]")
    (error,) = caught.value.errors
    assert (error.code, error.message) == (
        "block-failed",
        "`gate` cannot be made with its weights: IndexError: list index out of range",
    )
    assert str(error.place) == "mine.py:12:32"
    assert [note.message for note in error.notes] == ["`gate` uses the block `my_gate`"]
    assert not (folder / "run").exists()


def test_a_constructor_that_refuses_real_weights(folder: Path) -> None:
    with pytest.raises(SpecErrors, match=r"small\.yaml:6:3: error: `gate`: expected a file") as caught:
        _train(folder, init="if not self.weight.is_meta: raise BlockError('expected a file')")
    assert caught.value.errors[0].code == "bad-parameter"


@pytest.mark.parametrize(
    ("when", "doing"),
    [("self.training", "fails in the stage `main`"), ("not self.training", "fails in the stage `main`")],
)
def test_a_forward_that_fails_with_values(folder: Path, when: str, doing: str) -> None:
    with pytest.raises(BlockFailure) as caught:
        _train(folder, forward=f"if {REAL}{when}: maps.view(7)")
    (error,) = caught.value.errors
    assert error.message == f"`gate` {doing}: shape '[7]' is invalid for input of size 3072"
    assert str(error.place).startswith("mine.py:14:")
    assert caught.value.exit_code == 1


METRIC = """\
from compose.block import metric
from compose.evaluation.metrics.metric import Metric

@metric(name="odd_share")
class Share(Metric):
    '''How much is present.'''
    def value(self, scores, targets, rules):
        {value}
"""


def test_a_metric_that_fails_is_told_at_its_line(folder: Path) -> None:
    (folder / "small.yaml").write_text(SPEC.replace("my_gate", "activation").replace("[map]", "[map, odd_share]"))
    (folder / "mine.py").write_text(METRIC.format(value="return 1 / (len(scores) - 4)"))
    assert compose.validate("small.yaml", blocks=["mine.py"])
    with pytest.raises(BlockFailure) as caught:
        compose.train("small.yaml", blocks=["mine.py"], out=folder / "run", device="cpu")
    (error,) = caught.value.errors
    assert error.message == "`Share.value` fails in the evaluation: ZeroDivisionError: division by zero"
    assert str(error.place).startswith("mine.py:8:")


def test_a_forward_that_fails_on_the_pictures_of_a_user(folder: Path) -> None:
    _train(folder, forward="if not self.weight.is_meta and len(maps) == 1: raise ValueError('alone')")
    Image.new("RGB", (32, 32)).save("one.png")
    with pytest.raises(BlockFailure, match="`gate` fails in a prediction: alone"):
        compose.Run(folder / "run", device="cpu").predict("one.png")


def test_a_forward_that_fails_in_the_evaluation(folder: Path) -> None:
    (folder / "small.yaml").write_text(SPEC.replace("epochs: 1", "epochs: 1, validate_every: 0"))
    (folder / "mine.py").write_text(
        BLOCK.format(init="pass", forward=f"if {REAL}not self.training: raise ValueError('odd')")
    )
    with pytest.raises(BlockFailure, match="`gate` fails in the evaluation: odd"):
        compose.train("small.yaml", blocks=["mine.py"], out=folder / "run", device="cpu")


@pytest.mark.parametrize(
    ("forward", "message"),
    [
        ("raise SystemExit(3)", "`gate` fails in the stage `main`: it ends the program"),
        ("raise type('X', (BaseException,), dict())('no')", "`gate` fails in the stage `main`: X: no"),
        ("raise ValueError('one\\ntwo')", "`gate` fails in the stage `main`: one"),
        ("[][0]", "`gate` fails in the stage `main`: IndexError: list index out of range"),
    ],
)
def test_node_stage_line_and_what_it_was_given(folder: Path, forward: str, message: str) -> None:
    with pytest.raises(BlockFailure) as caught:
        _train(folder, forward=f"if {REAL}True: {forward}")
    (error,) = caught.value.errors
    assert (error.message, error.place and error.place.line) == (message, 14)
    assert [(note.message, str(note.place)) for note in error.notes] == [
        ("`gate` uses the block `my_gate`", "small.yaml:6:3"),
        ("it was given 4 × 12 × 8 × 8", "None"),
    ]


def test_a_backward_pass_that_fails_with_values(folder: Path) -> None:
    twice = (
        "class Twice(torch.autograd.Function):\n"
        "    @staticmethod\n"
        "    def forward(ctx, x): return x * 2\n"
        "    @staticmethod\n"
        "    def backward(ctx, g):\n"
        "        if not g.is_meta: raise ValueError('back')\n"
        "        return g * 2\n"
    )
    (folder / "small.yaml").write_text(SPEC)
    (folder / "mine.py").write_text(
        BLOCK.format(init="pass", forward="maps = Twice.apply(maps)").replace("@block", f"{twice}@block")
    )
    with pytest.raises(BlockFailure) as caught:
        compose.train("small.yaml", blocks=["mine.py"], out=folder / "run", device="cpu")
    (error,) = caught.value.errors
    assert error.message == "`Twice.backward` fails in the stage `main`: ValueError: back"
    assert str(error.place) == "mine.py:11:27"
    assert [str(note.place) for note in error.notes] == ["small.yaml:6:3"]


def test_a_node_that_gets_what_it_does_not_fit_is_told_with_it(folder: Path) -> None:
    with pytest.raises(BlockFailure) as caught:
        _train(folder, forward=f"if {REAL}True: return maps[:, :3]")
    (error,) = caught.value.errors
    assert (error.message, str(error.place)) == ("`regions` fails in the stage `main`", "small.yaml:8:3")
    assert error.notes[-1].message == "it was given 4 × 64 × 3, 128 × 12"
