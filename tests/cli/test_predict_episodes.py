"""``compose predict`` with a few-shot model: episodes of the run's data, and classes that the user shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

SPEC = """
name: few
data: {use: alphabets, size: 16, drawings: 8, fresh: false}
blocks:
  layer:
    inputs: [state, support, query, support_targets]
    model:
      spatial: {use: spatial_attention, in: [state, support, query]}
      task: {use: task_attention, in: [spatial.query_features, spatial.support_features, support_targets]}
    outputs: {context: task.context, state: task.state}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  episodes: {use: split_episodes, in: backbone.last}
  start: {use: reduce, in: episodes.query, pattern: "e q c h w -> e q c"}
  layers:
    use: layer
    in: [start, episodes.support, episodes.query, support.targets]
    repeat: 2
    carry: [state]
    collect: [context]
  scores: {use: context_classifier, in: layers.context}
loss:
  task: {use: cross_entropy, in: [scores, query.targets]}
train: {main: {stage: episodic, ways: 3, queries: 2, epochs: 1, episodes: 2, batch: 2, validation_episodes: 2}}
evaluate: {tasks: [episodes], ways: 3, shots: [1, 2], queries: 2, episodes: 2}
variants:
  prototypes:
    model:
      scores: {use: prototypes, in: [backbone.last, support.targets]}
      episodes: null
      start: null
      layers: null
"""


@pytest.fixture
def few(run: Any) -> Path:
    """A trained run of three classes."""
    Path("few.yaml").write_text(SPEC)
    trained = run("train", "few.yaml", "--out", "few")
    assert trained.exit_code == 0, trained.stderr
    return Path("few")


@pytest.fixture
def classes() -> Path:
    """A folder with a folder of dark drawings for each of three classes, two of the first."""
    for number, name in enumerate(("bar", "ring", "star")):
        Path("classes", name).mkdir(parents=True)
        for drawing in range(2 if number == 0 else 1):
            picture = Image.new("L", (40, 40), 255)
            ImageDraw.Draw(picture).ellipse((5, 5, 12 + 8 * number, 20 + drawing), fill=0)
            picture.save(Path("classes", name, f"{drawing}.png"))
    return Path("classes")


def test_episodes_of_the_run(run: Any, few: Path) -> None:
    result = run("predict", few, "--episodes", 2, "--shots", 2, "--attention", "episodes.png", "--json")
    assert result.exit_code == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["image"] for line in lines[2:4]] == ["test episode 1, query 3", "test episode 2, query 1"]
    for line in lines:
        assert sum(entry["probability"] for entry in line["classes"]) == pytest.approx(1)
        assert [entry["correct"] for entry in line["classes"]].count(True) == 1
        assert len({entry["class"] for entry in line["classes"]}) == 3
    assert "wrote episodes.png" in result.stderr.replace("\n", "")
    one = run("predict", few, "--episodes", 1, "--attention", "one.png")
    assert one.stdout.splitlines()[0] == "test episode 1, query 1"
    assert {"right", "wrong"} >= {line.split()[-1] for line in one.stdout.splitlines() if line.startswith("  ")}
    assert Image.open("episodes.png").height > 1.5 * Image.open("one.png").height


def test_the_same_episodes_as_in_the_evaluation(run: Any, few: Path) -> None:
    first = run("predict", few, "--episodes", 2, "--json").stdout
    assert first == run("predict", few, "--episodes", 2, "--json").stdout
    assert run("predict", few, "--episodes", 1, "--json").stdout == "".join(first.splitlines(keepends=True)[:3])


def test_classes_that_the_user_shows(run: Any, few: Path, classes: Path) -> None:
    result = run("predict", few, "--support", classes, classes / "ring", "--attention", "mine.png")
    assert result.exit_code == 0, result.stderr
    name, *rows = result.stdout.splitlines()
    assert name == "classes/ring/0.png"
    assert {row.split()[0] for row in rows} == {"bar", "ring", "star"}
    assert not {"right", "wrong"} & set(result.stdout.split())
    assert Image.open("mine.png").width > 500


def test_a_query_that_cannot_be_read(run: Any, few: Path, classes: Path) -> None:
    Path("broken.png").write_bytes(b"nothing")
    words = ("predict", few, "--support", classes, "broken.png", classes / "ring" / "0.png")
    result = run(*words, "--attention", "one.png")
    assert result.exit_code == 1
    assert "broken.png: not a picture that can be read" in result.stderr
    assert result.stdout.splitlines()[0] == "classes/ring/0.png"
    first, second = map(json.loads, run(*words, "--json").stdout.splitlines())
    assert first == {"image": "broken.png", "error": "not a picture that can be read"}
    assert len(second["classes"]) == 3


def test_another_number_of_classes(run: Any, few: Path, classes: Path) -> None:
    (classes / "extra").mkdir()
    Image.new("L", (9, 9)).save(classes / "extra" / "a.png")
    refused = run("predict", few, "--support", classes, classes / "extra" / "a.png")
    assert refused.exit_code == 2
    assert "`layers.0.task` are for 3 classes in an episode, and there are 4 folders" in refused.stderr.replace(
        "\n", " "
    )
    trained = run("train", "few.yaml", "-v", "prototypes", "--out", "any")
    assert trained.exit_code == 0, trained.stderr
    served = run("predict", "any", "--support", classes, classes / "extra" / "a.png", "--top", 9)
    assert len(served.stdout.splitlines()) == 5
    blind = run("predict", "any", "--episodes", 1, "--attention", "x.png")
    assert "does not tell where it looks: none of its blocks has `query_attention` or" in blind.stderr.replace(
        "\n", " "
    )


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ((), "learns its classes from pictures of them: take --support FOLDER IMAGE..."),
        (("--support", "classes", "--episodes", 1), "learns its classes from pictures"),
        (("--support", "classes"), "--support says what the pictures that you name may show"),
        (("--episodes", 1, "classes"), "--support says what the pictures that you name may show"),
        (("--support", "none", "classes"), "--support none: there is no such folder"),
        (("--support", "classes/bar", "classes"), "expected a folder of pictures for each class, found 0"),
        (("--support", "classes", "--shots", 2, "classes"), "--shots is for --episodes"),
        (("--examples", 1), "--examples is for models that score labels"),
        (("--episodes", 1, "--shots", 9), "an episode needs 10 pictures of each class"),
    ],
)
def test_what_is_missing(run: Any, few: Path, classes: Path, words: tuple[object, ...], message: str) -> None:
    refused = run("predict", few, *words)
    assert refused.exit_code in (1, 2)
    assert message in refused.stderr.replace("\n", " ")


def test_other_models_have_no_episodes(run: Any, spec: Path) -> None:
    assert run("train", spec, "-s", "data.train=16", "-s", "data.test=400", "--out", "labels").exit_code == 0
    for words in (("--episodes", 1), ("--support", ".", spec)):
        assert "for few-shot models, and this one scores labels" in run("predict", "labels", *words).stderr
