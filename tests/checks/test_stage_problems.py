"""What would stop a stage, or leave it without anything to do, is found at the stage, whichever one it is."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from compose import load, train, validate
from compose.checks.problems import problems
from compose.errors import SpecErrors

SPEC = """
name: drawn
data: {use: glyph_scenes, size: 32}
labels: {vectors: {use: wordnet, dim: 8}, external: {use: glyph_symbols, size: 32}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  pooled: {use: reduce, in: backbone.last, pattern: "b c h w -> b c"}
  places: {use: rearrange, in: backbone.last, pattern: "b c h w -> b (h w) c"}
  regions: {use: linear, in: [places, labels.vectors]}
  scores: {use: max_similarity, in: [regions, labels.vectors]}
  classes: {use: linear, in: [pooled, external.classes]}
loss:
  rank: {use: ranknet, in: scores}
  symbols: {use: cross_entropy, in: [classes, external.targets]}
train:
  first: {stage: supervised, batch: 4, losses: [rank]}
  second:
    stage: supervised
    losses: [rank]
evaluate: {tasks: [zsl], metrics: [map]}
"""


LABELS = "image,labels,split\n0.png,cat,train\n1.png,dog,train\n2.png,queen,test\n"


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "labels.csv").write_text(LABELS)
    return tmp_path


def _told(*options: str, data: bool = False, **changes: str) -> list[tuple[str, str]]:
    """The line of each mistake, of a spec whose second stage has these options and in which some texts are others."""
    text = SPEC.replace("    losses: [rank]\n", "".join(f"    {option}\n" for option in options))
    for old, new in changes.items():
        assert old in text
        text = text.replace(old, new)
    Path("drawn.yaml").write_text(text)
    found = problems(load("drawn.yaml", blocks=[*Path().glob("*.py")]), data=data)
    return [(error.place.document.lines[error.place.line - 1].strip(), error.message) for error in found if error.place]


RANK = "losses: [rank]"
FROZEN = {"channels: [4, 4]": "channels: [4, 4], frozen: true"}


@pytest.mark.parametrize(
    ("options", "changes", "line", "message"),
    [
        (
            ['freeze: ["*"]'],
            {},
            'freeze: ["*"]',
            "the stage has nothing to train: `freeze` leaves no node of the model",
        ),
        (
            ["train: [scores]"],
            {},
            "train: [scores]",
            "the stage has nothing to train: `scores` has no weights",
        ),
        (
            ["train: [pooled, scores]"],
            {},
            "train: [pooled, scores]",
            "the stage has nothing to train: `pooled`, `scores` have no weights",
        ),
        (
            ["train: [backbone]"],
            FROZEN,
            "train: [backbone]",
            "the stage has nothing to train: the block of `backbone` keeps all weights frozen",
        ),
        (
            ["train: [regions, back*]", "freeze: [backbone]"],
            {},
            "train: [regions, back*]",
            "`back*` is to be trained, and `freeze` names it, too",
        ),
    ],
)
def test_nothing_to_train(told: Path, options: list[str], changes: dict[str, str], line: str, message: str) -> None:
    assert _told(RANK, *options, **changes) == [(line, message)]
    with pytest.raises(SpecErrors, match=r"nothing to train|is to be trained"):
        train("drawn.yaml", out=told / "run", device="cpu")
    assert not (told / "run").exists()


def test_what_is_left_of_all_nodes_is_trained(told: Path) -> None:
    assert _told(RANK, 'train: ["*"]', "freeze: [backbone]") == []
    assert _told(RANK, 'freeze: ["[!r]*"]') == []


# --- what a stage watches -------------------------------------------------------------------------------------------

NO_VAL = {"{use: glyph_scenes, size: 32}": "{use: images, folder: ., labels: labels.csv, size: 32, unseen: [queen]}"}
UNSEEN = "the data has no validation examples"
EXTERNAL = {"losses: [rank]\n    ": "losses: [symbols]\n    "}
NEITHER = "it trains on external examples, and does not validate"


@pytest.mark.parametrize(
    ("options", "changes", "line", "watching", "why"),
    [
        (["patience: 2"], NO_VAL, "patience: 2", "`patience` waits for `map`", UNSEEN),
        (["keep: best"], NO_VAL, "keep: best", "`keep: best` looks for `map`", UNSEEN),
        (
            ["schedule: {use: plateau}"],
            NO_VAL,
            "schedule: {use: plateau}",
            "the schedule `plateau` follows `map`",
            UNSEEN,
        ),
        (["keep: best", "monitor: f1@3"], NO_VAL, "keep: best", "`keep: best` looks for `f1@3`", UNSEEN),
        (["patience: 2", "examples: external"], EXTERNAL, "patience: 2", "`patience` waits for `map`", NEITHER),
    ],
)
def test_what_is_not_measured_cannot_be_watched(
    told: Path, options: list[str], changes: dict[str, str], line: str, watching: str, why: str
) -> None:
    (found,) = _told(RANK, *options, **changes)
    assert (found[0].lstrip("-"), found[1].partition(" (there are: loss")[0]) == (
        line,
        f"{watching}, which the stage does not measure: {why}",
    )


def test_only_what_the_stage_descends_can_be_watched(told: Path) -> None:
    told_of = "no loss is called `symbols`"
    ((line, message),) = _told(RANK, "keep: best", "monitor: loss.symbols")
    assert (line, message.partition("; ")[0].partition(" (")[0]) == ("monitor: loss.symbols", told_of)
    ((line, message),) = _told("keep: best", "monitor: loss.symbols")
    assert message == (
        "`keep: best` looks for `loss.symbols`, which the stage does not measure (there are: loss, loss.rank, map)"
    )


@pytest.mark.parametrize("watching", ["patience: 2", "keep: best", "schedule: {use: plateau}"])
def test_a_stage_that_does_not_validate_watches_losses_alone(told: Path, watching: str) -> None:
    with pytest.raises(SpecErrors, match=r"expected a number above 0 where .* `map`, got 0"):
        _told(RANK, watching, "validate_every: 0")
    assert _told(RANK, watching, "validate_every: 0", "monitor: loss.rank") == []
    assert _told(RANK, watching, "monitor: loss", **NO_VAL) == []


def test_scores_of_the_classes_of_episodes_are_not_validated_on_labels(told: Path) -> None:
    Path("drawn.yaml").write_text(
        """
name: fewshot
data: {use: alphabets, size: 16, drawings: 6, fresh: false}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  scores: {use: prototypes, in: backbone.last}
  semantic: {use: semantic_branch, in: backbone.last}
loss:
  task: {use: cross_entropy, in: [scores, query.targets]}
  semantic: {use: cross_entropy, in: semantic, weight: 0.5}
train:
  first: {stage: supervised, batch: 4, losses: [semantic], patience: 3}
  second: {stage: episodic, queries: 3, batch: 2, patience: 3}
evaluate: {tasks: [episodes], queries: 3, episodes: 4}
"""
    )
    (error,) = problems(load("drawn.yaml"))
    assert error.place is not None
    assert error.place.line == 12
    assert "the model scores the classes of episodes, and it validates on labels" in error.message


# --- batches ------------------------------------------------------------------------------------------------------


NORMED = """
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import Dim, block


@block
class Normed(nn.Module):
    def __init__(self, size: Dim[int, " d"]) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(size)

    def forward(self, features: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        return self.norm(features)
"""


def test_a_batch_of_one_has_no_statistics(told: Path) -> None:
    (told / "normed.py").write_text(NORMED)
    normed = {"  classes: {use: linear, in: [pooled, external.classes]}": "  normed: {use: normed, in: pooled}\n"
              "  classes: {use: linear, in: [normed, external.classes]}"}  # fmt: skip
    assert _told(RANK, "batch: 1", data=True) == []
    assert _told(RANK, "batch: 2", data=True, **normed) == []
    ((line, message),) = _told(RANK, "batch: 1", data=True, **normed)
    assert line == "return self.norm(features)"
    assert message.startswith(
        "`normed` fails on these shapes: its batch norm has one value for each channel, and needs more in training"
    )


def test_external_examples_that_are_not_there(told: Path) -> None:
    (told / "labels.csv").write_text(LABELS.replace("train", "test"))
    for name in range(3):
        Image.new("RGB", (32, 32)).save(f"{name}.png")
    external = "external: {use: images, folder: ., labels: labels.csv, size: 32}"
    changes = {"external: {use: glyph_symbols, size: 32}": external, **EXTERNAL}
    found = _told(RANK, "examples: external", data=True, **changes)
    assert [message for line, message in found] == ["there are no pictures in the split `train`"]
    assert found[0][0].startswith("labels: ")


def test_a_loss_whose_weights_follow_the_ways_of_another_stage() -> None:
    stage = {"stage": "episodic", "shots": 1, "queries": 2, "batch": 2, "epochs": 1, "validate_every": 0}
    spec = {
        "data": {"use": "alphabets"},
        "model": {
            "backbone": {"use": "backbone", "arch": "conv64", "channels": [4, 4]},
            "scores": {"use": "prototypes", "in": ["backbone.pooled", "support.targets"]},
            "related": {"use": "group_attention", "in": "scores", "hidden": 4},
        },
        "loss": {
            "task": {"use": "cross_entropy", "in": ["scores", "query.targets"]},
            "spread": {"use": "variance", "in": "related"},
        },
        "train": {"first": {**stage, "ways": 3}, "second": {**stage, "ways": 2}},
        "evaluate": {"tasks": ["episodes"], "ways": 3},
    }
    (error,) = validate(spec).errors
    assert error.message == "the weights of `related` are for 3 classes in an episode, and the stage `second` has 2"
    assert validate(spec, overrides=["train.second.losses=[task]"])
