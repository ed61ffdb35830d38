"""From a spec to where its model looks: what is refused, and a small run with modules and with maps of labels."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from typer.testing import CliRunner

from compose import load
from compose.checks.problems import problems
from compose.cli.app import app
from compose.evaluation.metrics.box_hits import label_places
from compose.training.inference import asked, outputs_of

SPEC = """name: looking
data: {use: glyph_scenes, size: 32, train: 32, val: 16, test: 64, boxes: true}
labels: {vectors: {use: wordnet, dim: 12}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 8, 8]}
  attended: {use: shared_multi_attention, in: backbone.last, modules: 3, hidden: 8}
  scores: {use: bilinear, in: attended.features}
loss:
  rank: {use: ranknet, in: scores.scores}
train:
  main: {stage: supervised, epochs: 1, batch: 16, monitor: localisation}
evaluate: {tasks: [zsl, gzsl], metrics: [map, localisation, localisation_harmonic]}
"""
OF_LABELS = {
    "modules, hidden": (
        "attended: {use: shared_multi_attention, in: backbone.last, modules: 3, hidden: 8}",
        "attended: {use: label_attention, in: backbone.last, hidden: 8}",
    ),
    "scores": ("use: bilinear", "use: label_bilinear"),
}


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "looking.yaml"
    path.write_text(SPEC)
    return path


def run(*words: object) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words], prog_name="compose")
    assert result.exit_code == 0, result.output
    return result


def test_a_run_with_modules(spec: Path) -> None:
    out = run("train", spec, "--out", "run", "--device", "cpu").stdout
    assert "localisation harmonic mean" in out
    assert "Scores from each attention module, in percent: " in out
    report = json.loads(Path("run/report.json").read_text())["result"]["tasks"]
    assert 0 <= report["gzsl"]["metrics"]["localisation"] <= report["gzsl"]["metrics"]["map"]
    assert "localisation_harmonic" not in report["zsl"]["metrics"]
    with open("run/modules.csv") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 161
    assert {sum(int(row[f"module_{module}"]) for module in range(3)) for row in rows} == {64}
    assert "<svg" in Path("run/modules.svg").read_text()
    assert len(EventAccumulator("run/events").Reload().Images("modules")) == 1
    Path("run/modules.csv").unlink()
    again = run("evaluate", "run", "--device", "cpu", "--json").stdout
    assert json.loads(again)["tasks"] == report
    assert Path("run/modules.csv").exists()
    before = {path: path.stat().st_mtime_ns for path in Path("run").rglob("*")}
    run("evaluate", "run", "--device", "cpu", "-o", "result.json")
    run("evaluate", "run", "--device", "cpu", "-o", "all")
    assert Path("all/modules.csv").read_text() == Path("run/modules.csv").read_text()
    other = "data={use: glyph_scenes, size: 32, test: 48}"
    plain = run("evaluate", "run", "--device", "cpu", "-s", other, "-s", "evaluate.metrics=[map]").stdout
    assert "all 48 images" in plain
    assert "localisation" not in plain
    assert {path: path.stat().st_mtime_ns for path in Path("run").rglob("*")} == before, "the run is as it was"


def test_a_run_with_maps_of_labels(spec: Path) -> None:
    text = SPEC
    for old, new in OF_LABELS.values():
        text = text.replace(old, new)
    spec.write_text(text.replace("in: scores.scores", "in: scores"))
    out = run("train", spec, "--out", "run", "--device", "cpu").stdout
    assert "localisation mAP" in out
    assert "attention module" not in out
    assert not Path("run/modules.csv").exists()
    built = load(str(spec)).build()
    inputs = {"image": torch.zeros(2, 3, 32, 32), "labels_vectors": torch.randn(5, 12)}
    assert asked(built, looks=True)(inputs)["label_maps"].shape[:2] == (2, 5)
    assert set(asked(built, looks=False)(inputs)) == {"scores"}
    assert outputs_of(built.looking) == {"scores", "attention"}


MAPS_OF_LABELS = """  maps: {use: select, in: [attended.attention, scores.winner], pattern: "b m h w, b l -> b l h w"}
attention: maps
loss:
"""


def test_maps_of_labels_by_a_general_block(spec: Path) -> None:
    """Its port has dims of any meaning: that they are of labels shows by their number."""
    plain = load(str(spec)).build()
    spec.write_text(SPEC.replace("loss:\n", MAPS_OF_LABELS))
    built = load(str(spec)).build()
    inputs = {"image": torch.randn(2, 3, 32, 32), "labels_vectors": torch.randn(5, 12)}
    answer, by_modules = asked(built, looks=True)(inputs), asked(plain, looks=True)(inputs)
    assert answer.keys() == {"scores", "label_maps"}
    torch.testing.assert_close(label_places(answer), label_places(by_modules))
    some = torch.tensor([[0, 3], [4, 1]])
    looked = [model.attention(model.looking(**inputs), some) for model in (built, plain)]
    torch.testing.assert_close(*looked)


def test_modules_by_a_general_block(spec: Path) -> None:
    turned = '  maps: {use: normalise, in: attended.attention, dims: "b m h w", axis: m}\nattention: maps\nloss:\n'
    spec.write_text(SPEC.replace("loss:\n", turned))
    inputs = {"image": torch.randn(2, 3, 32, 32), "labels_vectors": torch.randn(5, 12)}
    assert asked(load(str(spec)).build(), looks=True)(inputs).keys() == {"scores", "attention", "winner"}


def test_modules_are_told_by_the_graph(spec: Path) -> None:
    built = load(str(spec)).build()
    assert outputs_of(built.looking) == {"scores", "attention", "winner"}
    inputs = {"image": torch.zeros(2, 3, 32, 32), "labels_vectors": torch.randn(5, 12)}
    answer = asked(built, looks=True)(inputs)
    assert answer["winner"].shape == (2, 5)
    assert answer["attention"].shape[:2] == (2, 3)


def test_what_localisation_needs(spec: Path) -> None:
    assert problems(load(str(spec))) == []
    plain = "train.main.monitor=map"
    (error,) = problems(load(str(spec), overrides=["data.boxes=false", plain]))
    assert error.message == "`localisation` needs boxes from the data, as with `data: {boxes: true}`"
    assert error.place is not None
    assert error.place.document.lines[error.place.line - 1].startswith("evaluate: ")
    attended = 'model.attended={use: reduce, in: backbone.last, pattern: "b c h w -> b c"}'
    blind = [attended, "model.scores.in=attended", plain]
    (error,) = problems(load(str(spec), overrides=blind))
    assert error.message == "`localisation` needs a model that tells where it looks, by a port such as `attention`"
    (error,) = problems(load(str(spec), overrides=[*blind, "data.boxes=false"]))
    assert " and boxes from the data" in error.message
    unasked = [*blind, "evaluate.metrics=[map]"]
    assert problems(load(str(spec), overrides=unasked)) == []


def test_what_a_stage_monitors_needs_the_same(spec: Path) -> None:
    off = ["data.boxes=false", "evaluate.metrics=[map]"]
    (error,) = problems(load(str(spec), overrides=off))
    assert error.message.startswith("`localisation` needs boxes")
    assert error.place is not None
    assert "monitor: localisation" in error.place.document.lines[error.place.line - 1]
    assert problems(load(str(spec), overrides=[*off, "train.main.validate_every=0"])) == []
    assert problems(load(str(spec), overrides=[*off, "train.main.monitor=loss.rank"])) == []
