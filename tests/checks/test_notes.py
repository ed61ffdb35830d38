"""What a spec may well say, and its writer hardly means, is told in a note with its place; it stops nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose import load, validate
from compose.checks.problems import notes, problems

SPEC = """
name: drawn
data: {use: glyph_scenes, size: 32}
labels: {vectors: {use: wordnet, dim: 8}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  places: {use: rearrange, in: backbone.last, pattern: "b c h w -> b (h w) c"}
  regions: {use: linear, in: [places, labels.vectors]}
  scores: {use: max_similarity, in: [regions, labels.vectors]}
loss:
  rank: {use: ranknet, in: scores}
train:
  main: {stage: supervised, batch: 4, epochs: 3}
evaluate: {tasks: [zsl], metrics: [map]}
"""


@pytest.fixture(autouse=True)
def _folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def _notes(*changes: tuple[str, str]) -> list[str]:
    """The notes of a spec in which some texts are others."""
    text = SPEC
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    Path("drawn.yaml").write_text(text)
    made = load("drawn.yaml")
    assert problems(made) == []
    return notes(made)


def test_a_good_spec_has_none() -> None:
    assert _notes() == []


RANK = "  rank: {use: ranknet, in: scores}\n"
PROBABLE = "  probable: {use: activation, kind: sigmoid, in: scores}\nloss:\n"
CHANCE = "loss.rank: it takes logits, and `probable` gives probabilities; the logits are `scores`"


@pytest.mark.parametrize("loss", ["bce", "cross_entropy"])
def test_a_loss_of_logits_on_probabilities(loss: str) -> None:
    term = f"  rank: {{use: {loss}, in: probable}}\n"
    assert _notes(("loss:\n", PROBABLE), (RANK, term)) == [CHANCE]
    assert _notes(("loss:\n", PROBABLE.replace("activation, kind: sigmoid", "softmax")), (RANK, term)) == [CHANCE]
    assert _notes(("loss:\n", PROBABLE.replace("sigmoid", "tanh")), (RANK, term)) == []
    assert _notes((RANK, term.replace("probable", "scores"))) == []
    assert _notes(("loss:\n", PROBABLE), (RANK, "  rank: {use: ranknet, in: probable}\n")) == []


SPREAD = "  spread: {use: variance, in: regions, weight: 0}\n"


def test_all_weights_are_zero() -> None:
    weightless = "train.main: all losses of the stage have the weight 0, so that it learns nothing"
    none = RANK.replace("scores}", "scores, weight: 0}")
    assert weightless in _notes((RANK, none))
    assert weightless in _notes((RANK, none + SPREAD))
    assert _notes((RANK, RANK + SPREAD)) == []


def test_a_loss_that_no_stage_descends() -> None:
    assert _notes((RANK, RANK + SPREAD), ("epochs: 3", "losses: [rank]")) == ["loss.spread: no stage descends it"]


SECOND = """  other: {use: backbone, arch: conv64, channels: [4, 4]}
  spots: {use: rearrange, in: other.last, pattern: "b c h w -> b (h w) c"}
  beside: {use: linear, in: spots, size: 8}
loss:
  spread: {use: variance, in: beside}
"""


def test_no_loss_reads_the_scores() -> None:
    random = "scores: no loss depends on `scores` or on any of its weights, so that they stay random"
    assert random in _notes(("loss:\n", SECOND), (RANK, ""))
    shared = SECOND.replace("in: beside", "in: regions")
    assert not any(note.startswith("scores") for note in _notes(("loss:\n", shared), (RANK, "")))


def test_a_pretext_of_the_same_weights_trains_the_scores() -> None:
    assert _notes((RANK, "  spread: {use: variance, in: regions}\n")) == []


CHANNELS = "channels: [4, 4]"
STILL = "model.{0}: the weights of `{0}` are random, and no stage trains them"


@pytest.mark.parametrize(
    ("change", "note"),
    [
        (
            (CHANNELS, "channels: [4, 4], frozen: true"),
            "model.backbone: its weights are random, and its block keeps them so (`weights: none`)",
        ),
        (
            ("epochs: 3", "freeze: [backbone]"),
            STILL.format("backbone"),
        ),
        (
            ("epochs: 3", "train: [regions]"),
            STILL.format("backbone"),
        ),
        (
            ("epochs: 3", 'freeze: ["r*"]'),
            STILL.format("regions"),
        ),
    ],
)
def test_random_weights_that_stay_random(change: tuple[str, str], note: str) -> None:
    assert _notes(change) == [note]


def test_weights_that_some_stage_trains_or_that_come_from_a_file_are_no_mistake() -> None:
    first = "  first: {stage: supervised, batch: 4, freeze: [regions]}\n  main:"
    assert _notes(("  main:", first), ("epochs: 3", "freeze: [backbone]")) == []


def test_a_stage_that_is_to_train_what_has_no_weights() -> None:
    found = _notes(("epochs: 3", "train: [backbone, regions, scores]"))
    assert found == ["train.main.train: `scores` names no node with weights that learn"]


@pytest.mark.parametrize(
    ("schedule", "remark"),
    [
        ("{use: constant, warmup: 4}", "its warm-up of 4 epochs is longer than the stage's 3"),
        ("{use: cosine, warmup: 3.5}", "its warm-up of 3.5 epochs is longer than the stage's 3"),
        ("{use: step, at: [5, 8]}", "the stage ends after 3 epochs, before the first of `at`"),
    ],
)
def test_schedules_that_come_to_nothing(schedule: str, remark: str) -> None:
    assert _notes(("epochs: 3", f"epochs: 3, schedule: {schedule}")) == [f"train.main.schedule: {remark}"]


@pytest.mark.parametrize("schedule", ["{use: constant, warmup: 3}", "{use: step, at: [2, 8]}", "{use: one_cycle}"])
def test_schedules_that_end_with_their_stage(schedule: str) -> None:
    assert _notes(("epochs: 3", f"epochs: 3, schedule: {schedule}")) == []


@pytest.mark.parametrize(
    ("labels", "note"),
    [
        ("graph: {use: wup}", "labels.graph: nothing reads what it gives (`labels.graph`, `labels.relations`)"),
        ("clusters: 3", "labels.clusters: nothing reads what it gives (`labels.clusters`)"),
        (
            "external: {use: glyph_symbols, size: 32}",
            "labels.external: nothing reads what it gives (`external.vectors`, `external.classes`, `external.targets`)",
        ),
    ],
)
def test_parts_of_the_label_space_that_nothing_reads(labels: str, note: str) -> None:
    assert _notes(("dim: 8}}", f"dim: 8}}, {labels}}}")) == [note]


def test_vectors_that_nothing_reads() -> None:
    pooled = "  scores: {use: linear, in: pooled, size: 128}\n"
    found = _notes(
        ("  scores: {use: max_similarity, in: [regions, labels.vectors]}\n", pooled),
        ("  regions: {use: linear, in: [places, labels.vectors]}\n", ""),
        ("b (h w) c", "b c"),
        ("use: rearrange", "use: reduce"),
        ("places:", "pooled:"),
        ("tasks: [zsl]", "tasks: [seen]"),
        ("use: ranknet", "use: bce"),
    )
    assert found == [
        "labels.vectors: nothing reads what it gives "
        "(`labels.vectors`, `labels.base`, `labels.novel`, `labels.clusters`, `external.vectors`)"
    ]


def test_a_spec_that_trains_nothing() -> None:
    found = _notes(("train:\n  main: {stage: supervised, batch: 4, epochs: 3}\n", ""))
    assert found == ["the spec has no `train:`, so that nothing is trained and `compose train` refuses it"]


def test_what_only_the_scores_need_is_not_judged_by_its_stages() -> None:
    Path("drawn.yaml").write_text(SPEC.replace("dim: 8}}", "dim: 8}, graph: {use: wup}}"))
    assert notes(load("drawn.yaml").scoring()) == []


def test_a_block_of_ones_own_in_place_of_a_built_in_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.py").write_text(
        "from jaxtyping import Float\nfrom torch import Tensor, nn\nfrom compose.block import block\n\n\n"
        '@block\nclass Gate(nn.Module):\n    """Halve."""\n\n'
        '    def forward(self, x: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:\n        return x / 2\n'
    )
    spec = {
        "data": {"use": "glyph_scenes", "size": 32, "train": 8, "val": 4, "test": 8},
        "labels": {"vectors": {"use": "wordnet", "dim": 8}},
        "model": {
            "halved": {"use": "gate", "in": "image"},
            "pooled": {"use": "reduce", "in": "halved", "pattern": "b c h w -> b c"},
            "vectors": {"use": "linear", "in": ["pooled", "labels.vectors"]},
            "scores": {"use": "cosine", "in": ["vectors", "labels.vectors"]},
        },
        "loss": {"rank": {"use": "ranknet", "in": "scores"}},
        "train": {"main": {"stage": "supervised", "epochs": 1, "batch": 4}},
    }
    found = validate(spec, blocks="own.py")
    assert "the block `gate` is that of own.py, not the built-in one" in found.notes
