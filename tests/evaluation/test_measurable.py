"""What nothing can be measured of is told beside what can, and takes nothing else with it."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch
from PIL import Image
from torch import Tensor

import compose
from compose.checks.problems import notes, problems
from compose.data.source import LabelTable
from compose.evaluation.evaluator import Truth, evaluate
from compose.evaluation.metrics.metric_entries import make_metrics
from compose.evaluation.result import Result
from compose.evaluation.result_table import markdown, text
from compose.evaluation.task_labels import task_labels

TABLE = LabelTable(("ant", "bee", "cat"), (True, False, True), (None,) * 3)
SEEN_ALONE = torch.tensor([[1, -1, -1], [-1, -1, 1]], dtype=torch.int8)
SCORES = torch.tensor([[0.9, 0.1, 0.3], [0.2, 0.7, 0.4]])
NONE = "none of 2 images carries any of its labels"


def _run(targets: Tensor, *metrics: str) -> Result:
    labels = task_labels(TABLE, ["zsl", "gzsl"])
    scores = {"zsl": SCORES[:, [1]], "gzsl": SCORES}
    return evaluate(scores, Truth(targets, "toy", "test"), labels, make_metrics(metrics or ["map"]))


@pytest.mark.parametrize(
    ("targets", "unmeasured"),
    [
        (SEEN_ALONE, {"zsl": NONE}),
        (SEEN_ALONE[:1], {"zsl": "the one image does not carry any of its labels"}),
        (SEEN_ALONE.clamp(max=0), {"zsl": NONE, "gzsl": NONE}),
        (
            SEEN_ALONE.clamp(min=0),
            {
                "zsl": NONE,
                "gzsl": "no label is known to be absent from an image: the targets are 1 and 0 (unknown) alone",
            },
        ),
    ],
)
def test_tasks_without_anything_to_measure(targets: Tensor, unmeasured: dict[str, str]) -> None:
    labels = task_labels(TABLE, ["zsl", "gzsl"])
    scores = {"zsl": SCORES[: len(targets), [1]], "gzsl": SCORES[: len(targets)]}
    result = evaluate(scores, Truth(targets, "toy", "test"), labels, make_metrics(["map"]))
    assert result.unmeasured == unmeasured
    assert set(result.tasks) == {"zsl", "gzsl"} - set(unmeasured)
    assert Result.loads(result.dumps()) == result
    for shown in (text(result), markdown(result)):
        for task, why in unmeasured.items():
            assert f"{task}: not measured: {why}" in " ".join(shown.split())


def test_the_others_are_as_without_it() -> None:
    alone = task_labels(TABLE, ["gzsl"])
    expected = evaluate({"gzsl": SCORES}, Truth(SEEN_ALONE, "toy", "test"), alone, make_metrics(["map"]))
    assert _run(SEEN_ALONE)["gzsl"] == expected["gzsl"]


def test_a_metric_that_is_undefined_says_why() -> None:
    result = _run(torch.ones(2, 3, dtype=torch.int8), "map", "micro_auc")
    assert math.isnan(result["zsl"].metrics["micro_auc"])
    assert result["zsl"].undefined == {"micro_auc": "no label is known to be absent from an example"}
    assert "- zsl: no micro-AUC: no label is known to be absent from an example\n" in markdown(result)


SPEC = """
name: mine
data: {use: images, folder: ., labels: labels.csv, size: 32, unseen: [wolf]}
labels: {vectors: {use: wordnet, dim: 8}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  places: {use: rearrange, in: backbone.last, pattern: "b c h w -> b (h w) c"}
  regions: {use: linear, in: [places, labels.vectors]}
  scores: {use: max_similarity, in: [regions, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised, epochs: 1, batch: 2}}
evaluate: {tasks: [zsl, gzsl], metrics: [map]}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Pictures of which only one of training shows the unseen label."""
    monkeypatch.chdir(tmp_path)
    rows = ["cat,train", "dog,train", "wolf,train", "wolf,val", "cat,test", "dog,test"]
    for number in range(len(rows)):
        Image.new("RGB", (32, 32), (40 * number, 0, 0)).save(f"{number}.png")
    lines = ["image,labels,split", *(f"{number}.png,{row}" for number, row in enumerate(rows))]
    Path("labels.csv").write_text("\n".join(lines) + "\n")
    Path("mine.yaml").write_text(SPEC)
    return tmp_path


def test_a_run_reports_the_tasks_that_can_be_measured(folder: Path) -> None:
    (note,) = [note for note in compose.validate("mine.yaml").notes if "zsl" in note]
    why = f"in the split `test` {NONE}"
    assert note == f"evaluate.tasks: `zsl` cannot be measured and is left out: {why}"
    run = compose.train("mine.yaml", out=folder / "run", device="cpu")
    assert run.results is not None
    assert (set(run.results.tasks), dict(run.results.unmeasured)) == ({"gzsl"}, {"zsl": NONE})
    assert f"zsl: not measured: {NONE}" in (folder / "run" / "report.md").read_text()
    assert run.evaluate() == run.results


def test_it_is_a_mistake_where_no_task_can_be(folder: Path) -> None:
    made = compose.load("mine.yaml", overrides=["evaluate.tasks=[zsl]"])
    (error,) = problems(made)
    assert (error.code, error.message) == ("data", f"nothing can be measured: zsl: {NONE}")
    Path("mine.yaml").write_text(SPEC.replace("[zsl, gzsl]", "[zsl]"))
    (error,) = problems(compose.load("mine.yaml"))
    assert error.place is not None
    assert (error.place.line, error.place.column) == (12, 19)


def test_validation_pictures_without_a_seen_label(folder: Path) -> None:
    made = compose.load("mine.yaml", overrides=["train.main.keep=best"])
    (error,) = problems(made)
    assert error.message.startswith(
        "`keep: best` looks for `map`, which the stage does not measure: its validation has nothing to "
        "measure: the one image does not carry any of its labels"
    )
    assert notes(made)
