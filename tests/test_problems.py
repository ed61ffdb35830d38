"""Everything that would stop a run is found before it starts, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose import load
from compose.problems import LISTED, notes, problems

SPEC = """
name: small
data: {use: images, folder: ., labels: labels.csv, size: 32, unseen: [b]}
labels: {vectors: {use: wordnet, dim: 8}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 4, 4], taps: [block3]}
  pyramid: {use: forward_pyramid, in: backbone, channels: 16}
  groups: {use: channel_groups, in: pyramid, groups: 2}
  vectors: {use: spatial_max, in: groups}
  scores: {use: max_similarity, in: [vectors, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: [{stage: supervised, batch: 2, freeze: [bakbone]}]
evaluate: {tasks: [zsl], metrics: [map]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.yaml").write_text(SPEC)
    return tmp_path


def _labels(folder: Path, names: list[str], count: int) -> None:
    lines = ["image,labels,split", *(f"{i}.png,{names[i % len(names)]},train" for i in range(count))]
    (folder / "labels.csv").write_text("\n".join(lines) + "\n")


def test_every_level_at_once(folder: Path) -> None:
    _labels(folder, ["cat", "dog", "b"], 3)
    made = load("small.yaml", overrides=["labels.vectors.dim=9"])
    found = problems(made)
    codes = [error.code for error in found]
    assert codes[0] == "shape-mismatch"
    assert "bad-parameter" in codes
    assert "data" in codes
    stage = next(error for error in found if error.code == "bad-parameter")
    assert "no node matches `bakbone`; did you mean `backbone`?" in stage.message
    assert stage.place is not None
    assert stage.place.line == 12
    assert [error.code for error in problems(made, data=False)] == [code for code in codes if code != "data"]


def test_many_problems_of_the_data_are_one_error(folder: Path) -> None:
    _labels(folder, ["cat", "dog", "b"], 60)
    (error,) = [error for error in problems(load("small.yaml")) if error.code == "data"]
    assert error.place is not None
    assert error.place.line == 3
    assert len(error.notes) <= LISTED + 1


def test_tasks_without_labels(folder: Path) -> None:
    _labels(folder, ["cat", "dog"], 4)
    found = problems(load("small.yaml", overrides=["data.unseen=[]"]), data=False)
    assert "zsl: expected unseen labels" in " ".join(error.message for error in found)


def test_a_good_spec_has_none(folder: Path) -> None:
    made = load("zoo/starter.yaml", overrides=["data.size=32"])
    assert problems(made) == []
    assert notes(made) == []


EXTERNAL = """
name: external
data: {use: glyph_scenes, size: 32}
labels: {vectors: {use: wordnet, dim: 8}, external: {use: glyph_symbols, size: 32}, graph: {use: wup}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 4, 4]}
  pooled: {use: global_pool, in: backbone.last}
  classifier: {use: external_classifier, in: pooled}
  posterior: {use: class_posterior, in: classifier}
  states: {use: node_init, in: pooled, hidden: 8, size: 8}
  external_states: {use: posvae, in: posterior, hidden: 8, size: 8}
  propagation: {use: rgcn, in: {nodes: states, external_nodes: external_states.nodes}, hidden: 8, size: 8}
  scores: {use: label_head, in: propagation.labels, hidden: null}
loss:
  classes: {use: cross_entropy, in: [classifier, external.targets]}
  labels: {use: bce, in: scores}
train:
  - {stage: supervised, examples: external, losses: [classes], train: [backbone, classifier]}
  - {stage: supervised, losses: [labels], freeze: [backbone, classifier]}
evaluate: {tasks: [zsl, gzsl], metrics: [map]}
"""


@pytest.mark.parametrize(
    ("override", "message"),
    [
        ("train.0.examples=data", "`classes` reads `external.targets`, which the stage's examples (`data`) do not"),
        ("train.0.losses=[classes, labels]", "`labels` reads `targets`, which the stage's examples (`external`) do"),
        ("train.1.examples=external", "`labels` reads `targets`, which the stage's examples (`external`) do not"),
        ("labels.external.size=48", "`image` is 3 × 48 × 48 there and 3 × 32 × 32 in `data`"),
        ("labels.graph.threshold=1.0", "no two of the 286 nodes are joined"),
    ],
)
def test_stages_on_external_examples(tmp_path: Path, override: str, message: str) -> None:
    (tmp_path / "external.yaml").write_text(EXTERNAL)
    assert problems(load(str(tmp_path / "external.yaml"))) == []
    (error, *_) = problems(load(str(tmp_path / "external.yaml"), overrides=[override]))
    assert message in error.message
    assert error.place is not None


def test_a_stage_on_external_examples_that_are_not_there(folder: Path) -> None:
    _labels(folder, ["cat", "dog", "b"], 3)
    made = load("small.yaml", overrides=["train=[{stage: supervised, examples: external}]"])
    assert "but the spec has no `labels: {external: ...}`" in problems(made, data=False)[0].message


def test_a_label_that_is_no_noun_is_told_once(folder: Path) -> None:
    _labels(folder, ["cat", "dgo", "b"], 3)
    made = load("small.yaml", overrides=["labels.graph={use: wup}"])
    (error,) = [e for e in problems(made, data=False) if "dgo" in e.message]
    assert "nearest" in error.message


def test_external_classes_that_are_no_nodes_need_no_vectors(tmp_path: Path) -> None:
    (tmp_path / "external.yaml").write_text(EXTERNAL)
    plain = ["loss.labels.in=plain", "model.plain={use: max_similarity, in: [vectors, labels.vectors]}", "scores=plain"]
    plain += ["model.vectors={use: regions, in: backbone.last}", "train.1.freeze=[backbone]", "labels.vectors.dim=9"]
    gone = [f"model.{name}=null" for name in ("posterior", "states", "external_states", "propagation", "scores")]
    made = load(str(tmp_path / "external.yaml"), overrides=[*plain, *gone])
    assert set(made.space.sources("seen")) == {"labels_vectors", "external_classes", "labels_graph"}
    assert problems(made) == []
