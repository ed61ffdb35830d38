"""``compose predict`` with models whose weights adapt to an episode."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from compose.cli.app import app
from compose.cli.specs import prepared, read
from compose.registry.registry import registry
from compose.training.adaptation.task_scorer import TaskScorer, task_scorer
from compose.training.storage.find_run import find_run

LABELS = """
name: labels
data: {use: glosses}
labels: {vectors: {use: wordnet, dim: 6}}
model:
  extractor: {use: semantic_features, in: features, hidden: [12]}
  feature: {use: feature_inference, in: extractor}
  correlation: {use: correlation_inference, in: extractor}
  logits: {use: add, in: [feature, correlation], learned: true}
  scores: {use: activation, in: logits, kind: sigmoid}
loss:
  task: {use: bce, in: [logits, novel.targets]}
train:
  main: {stage: maml, freeze: [extractor], adapt: [feature, correlation], ways: 3, inner_lr: 2.0, inner_rates: step,
     epochs: 1, episodes: 4, batch: 4, validation_episodes: 2}
evaluate:
  {tasks: [episodes], ways: 3, episodes: 4, metrics: [micro_auc, {use: micro_f1, threshold: validation}]}
"""
PICTURES = """
name: pictures
data: {use: alphabets, size: 16, drawings: 4, fresh: false}
labels: {vectors: {use: file, path: vectors.npz}, standardise: true, length: 2, constant: 1}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4]}
  pooled: {use: reduce, in: backbone.last, pattern: "b c h w -> b c"}
  extractor: {use: semantic_features, in: pooled, hidden: [8]}
  feature: {use: feature_inference, in: extractor}
  correlation: {use: correlation_inference, in: extractor}
  logits: {use: add, in: [feature, correlation], learned: true}
  scores: {use: activation, in: logits, kind: sigmoid}
loss:
  task: {use: bce, in: [logits, novel.targets]}
train:
  main: {stage: maml, ways: 3, queries: 1, inner_lr: 0.5, epochs: 1, episodes: 2, batch: 2, validation_episodes: 2}
evaluate: {tasks: [episodes], ways: 3, queries: 1, episodes: 2}
variants:
  fixed:
    labels: null
    model:
      extractor: null
      feature: null
      correlation: null
      logits: null
      scores: {use: linear, in: pooled, size: 3}
    loss:
      task: {use: cross_entropy, in: [scores, novel.targets]}
"""


def called(*words: object) -> Any:
    return CliRunner().invoke(app, [str(word) for word in words], prog_name="compose")


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The runs ``labels``, ``pictures`` and ``fixed``, and ``vectors.npz``, which also names the shapes below."""
    folder = tmp_path_factory.mktemp("trained")
    table = registry().construct("data", "alphabets", {"size": 16, "drawings": 4}).labels
    names = [*table.names, "bar", "ring", "star"]
    vectors = np.random.default_rng(0).normal(size=(len(names), 5)).astype(np.float32)
    np.savez(folder / "vectors.npz", names=np.array(names), vectors=vectors)
    (folder / "labels.yaml").write_text(LABELS)
    (folder / "pictures.yaml").write_text(PICTURES.replace("vectors.npz", str(folder / "vectors.npz")))
    for name, words in {"labels": (), "pictures": (), "fixed": ("-v", "fixed")}.items():
        spec = "pictures" if name == "fixed" else name
        result = called("train", folder / f"{spec}.yaml", *words, "--out", folder / name)
        assert result.exit_code == 0, result.stderr
    return folder


def classes(folder: Path, *names: str) -> Path:
    """A folder with a folder of two pictures for each class."""
    dice = np.random.default_rng(1)
    for name in names:
        (folder / name).mkdir(parents=True)
        for number in range(2):
            pixels = dice.integers(0, 255, (20, 20), dtype=np.uint8)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    return folder


def scorer(run: Path) -> tuple[Any, TaskScorer]:
    """What a run names, and its model as the evaluation calls it."""
    found = find_run(run)
    made = prepared(read(str(found.lock), None, None, None)).scoring()
    built = made.build()
    found.load(built, None)
    built.training.eval()
    assert made.adaptation is not None
    return made, task_scorer(built, made.adaptation, made.space, "cpu")


# --- several labels an example --------------------------------------------------------------------------------------


def test_labels_of_episodes(run: Any, trained: Path) -> None:
    """As the evaluation scores them: each episode is adapted to."""
    result = run("predict", trained / "labels", "--episodes", 2, "--json")
    assert result.exit_code == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["episode"] for line in lines] == [*["test episode 1"] * 3, *["test episode 2"] * 3]
    made, score = scorer(trained / "labels")
    test = made.evaluation.episodes[0]
    episodes = replace(test, shape=replace(test.shape, queries=1), episodes=2).draw(made.source)
    table = made.source.labels.names
    for number in range(2):
        given = episodes[[number]]
        scores, truth = score(given)["scores"][0], given["query_targets"][0]
        names = [table[column] for column in given["episode_labels"][0].tolist()]
        rows = episodes.draw([number]).rows[0, 3:]
        for query, line in enumerate(lines[3 * number : 3 * number + 3]):
            assert line["example"] == f"test {rows[query]}"
            assert [entry["score"] for entry in line["labels"]] == sorted(scores[query].tolist(), reverse=True)
            for entry in line["labels"]:
                place = names.index(entry["label"])
                assert entry["score"] == pytest.approx(scores[query, place].item())
                assert entry["predicted"] == (entry["score"] > 0.5)
                assert entry["correct"] == (truth[query, place] == 1)
            below = {entry["label"] for entry in line["labels"] if entry["correct"] and not entry["predicted"]}
            assert set(line["missed"]) == below


def test_labels_are_printed_beside_the_truth(run: Any, trained: Path) -> None:
    words = ("predict", trained / "labels", "--episodes", 1)
    lines = [json.loads(line) for line in run(*words, "--json").stdout.splitlines()]
    printed = run(*words).stdout.splitlines()
    assert printed[0].startswith("test episode 1: ")
    assert set(printed[0].removeprefix("test episode 1: ").split(", ")) == {e["label"] for e in lines[0]["labels"]}
    assert printed[1].split() == ["query", "predicted", "not", "above", "0.5"]
    for line, row in zip(lines, printed[2:], strict=True):
        assert row.strip().startswith(line["example"])
        for entry in line["labels"]:
            predicted = "right" if entry["correct"] else "wrong"
            mark = predicted if entry["predicted"] else "missed" * entry["correct"]
            assert f"{entry['label']} {entry['score']:.2f} {mark}".rstrip() in row


def test_what_a_model_of_vectors_refuses(run: Any, trained: Path) -> None:
    Image.new("L", (9, 9)).save("a.png")
    for words in ((), ("a.png",), ("--support", ".", "a.png"), ("--episodes", 1, "a.png")):
        refused = run("predict", trained / "labels", *words)
        assert refused.exit_code == 2
        assert "reads feature vectors, not pictures: take --episodes N" in refused.stderr.replace("\n", " ")
    blind = run("predict", trained / "labels", "--episodes", 1, "--attention", "x.png")
    assert blind.exit_code == 2
    assert "only few-shot models that attend to their support tell where they look" in blind.stderr.replace("\n", " ")


def test_a_model_of_vectors_that_scores_labels(run: Any) -> None:
    spec = {
        "name": "plain",
        "data": {"use": "glosses"},
        "labels": {"vectors": {"use": "wordnet", "dim": 4}},
        "model": {
            "extractor": {"use": "semantic_features", "in": "features", "hidden": [4]},
            "scores": {"use": "einsum", "in": ["extractor", "labels.vectors"], "pattern": "b d, l d -> b l"},
        },
        "loss": {"task": {"use": "bce", "in": "scores"}},
        "train": {"main": {"stage": "supervised", "epochs": 1, "batch": 4096, "validate_every": 0}},
        "evaluate": {"tasks": ["seen"]},
    }
    Path("plain.yaml").write_text(json.dumps(spec))
    assert run("train", "plain.yaml", "--out", "plain").exit_code == 0
    refused = run("predict", "plain", "--examples", 1)
    assert refused.exit_code == 2
    told = "the model of plain reads feature vectors, not pictures; `compose evaluate plain` measures it"
    assert told in refused.stderr.replace("\n", " ")


# --- pictures ---------------------------------------------------------------------------------------------------------


def test_classes_that_the_user_shows(run: Any, trained: Path) -> None:
    """Classes that the data knows, so that the evaluation's model can tell what is right."""
    made, score = scorer(trained / "pictures")
    table = made.source.labels
    unseen = [name for name, seen in zip(table.names, table.seen, strict=True) if not seen]
    names = sorted([*unseen[:3], next(name for name, seen in zip(table.names, table.seen, strict=True) if seen)])
    folder = classes(Path("known"), *names)
    result = run("predict", trained / "pictures", "--support", folder, folder / names[1], "--json")
    assert result.exit_code == 0, result.stderr
    files = sorted(folder.rglob("*.png"))
    support = torch.stack([made.source.read_image(file) for file in files])
    targets = torch.full((1, 8, 4), -1, dtype=torch.int8)
    targets[0, torch.arange(8), torch.arange(4).repeat_interleave(2)] = 1
    columns = torch.tensor([[table.names.index(name) for name in names]])
    lines = result.stdout.splitlines()
    for line, query in zip(lines, files[2:4], strict=True):
        image = made.source.read_image(query)[None]
        given = {"image": torch.cat([support, image, support]), "support_targets": targets, "episode_labels": columns}
        expected = score(given)["scores"][0, 0]
        found = json.loads(line)
        assert found["image"] == str(query)
        scores = {entry["class"]: entry["probability"] for entry in found["classes"]}
        assert [scores[name] for name in names] == pytest.approx(expected.tolist(), rel=1e-4)


def test_a_picture_alone_is_answered_as_among_others(run: Any, trained: Path) -> None:
    folder = classes(Path("own"), "bar", "ring", "star")
    words = ("predict", trained / "fixed", "--json", "--support", folder)
    every = run(*words, folder).stdout.splitlines()
    assert len(every) == 6
    probabilities = [entry["probability"] for entry in json.loads(every[4])["classes"]]
    assert sum(probabilities) == pytest.approx(1)
    (alone,) = run(*words, folder / "star" / "0.png").stdout.splitlines()
    found = [entry["probability"] for entry in json.loads(alone)["classes"]]
    assert found == pytest.approx(probabilities, rel=1e-4)
    assert len(set(every)) == 6


def test_what_the_user_shows_is_checked(run: Any, trained: Path) -> None:
    folder = classes(Path("own"), "bar", "ring", "star")
    unclear = run("predict", trained / "fixed", folder / "bar" / "0.png")
    assert "learns its classes from pictures of them: take --support" in unclear.stderr.replace("\n", " ")
    classes(folder, "moon")
    refused = run("predict", trained / "fixed", "--support", folder, folder / "bar")
    assert refused.exit_code == 2
    told = "the weights of `scores` are for 3 classes in an episode, and there are 4 folders of pictures"
    assert told in refused.stderr.replace("\n", " ")
    wordless = run("predict", trained / "pictures", "--support", folder, folder / "bar")
    assert wordless.exit_code == 2
    assert "the names of its classes are the labels, and 1 label is not in" in wordless.stderr.replace("\n", " ")
    assert "`moon`" in wordless.stderr


def test_episodes_of_pictures(run: Any, trained: Path) -> None:
    result = run("predict", trained / "fixed", "--episodes", 2, "--shots", 2, "--json")
    assert result.exit_code == 0, result.stderr
    lines = [json.loads(line) for line in result.stdout.splitlines()]
    assert [line["image"] for line in lines[2:4]] == ["test episode 1, query 3", "test episode 2, query 1"]
    for line in lines:
        assert sum(entry["probability"] for entry in line["classes"]) == pytest.approx(1)
        assert [entry["correct"] for entry in line["classes"]].count(True) == 1
