"""A model of pictures is asked about labels by their names, and says which it predicts and misses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch

import compose
from compose.errors import UsageError


def scores(found: list[Any]) -> list[dict[str, float]]:
    return [{guess.label: guess.score for guess in prediction.guesses} for prediction in found]


def test_a_name_is_scored_as_an_unseen_label_is(trained: compose.Run) -> None:
    """`monkeys` is no label of the data, and means the unseen label `monkey`."""
    pairs = {"monkeys": "monkey", "semicolons": "semicolon", "gimels": "gimel"}
    expected = scores(trained.predict(trained.examples(3), labels="unseen", top=None))
    found = trained.predict(trained.examples(3), labels=list(pairs))
    for one, other in zip(scores(found), expected, strict=True):
        assert one == pytest.approx({name: other[label] for name, label in pairs.items()}, abs=1e-6)
    assert all(guess.seen is False and guess.correct is None for guess in found[0].guesses)


def test_labels_of_the_run_by_their_names(trained: compose.Run) -> None:
    (found,) = trained.predict(trained.examples(1), labels={"Airplane": None, "a pawn": "pawn.n.03"})
    (expected,) = scores(trained.predict(trained.examples(1), top=None))
    assert scores([found]) == [pytest.approx({"Airplane": expected["airplane"], "a pawn": expected["pawn"]}, abs=1e-6)]
    assert {guess.label: guess.seen for guess in found.guesses} == {"Airplane": True, "a pawn": False}
    assert all(guess.correct is not None for guess in found.guesses)


def test_a_file_of_labels(trained: compose.Run, picture: Path, tmp_path: Path) -> None:
    path = tmp_path / "labels.txt"
    path.write_bytes("\ufeffzebra\r\n\r\n  south korean won \r\ncrane\tcrane.n.05\r\n".encode())
    (found,) = trained.predict(picture, labels=path)
    assert {guess.label for guess in found.guesses} == {"zebra", "south korean won", "crane"}
    assert trained.notes_on_labels(path) == ()
    assert trained.notes_on_labels(["crane"])[0].startswith("`crane` is taken as crane.n.01 (writer)")
    path.write_text("zebra\nokapi\nzebra\n")
    with pytest.raises(UsageError, match=rf"labels: {path}:3: the label of line 1 again"):
        trained.predict(picture, labels=path)
    path.write_text("\n\n")
    with pytest.raises(UsageError, match=r"labels: expected labels to choose from; .* names none"):
        trained.predict(picture, labels=path)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (
            "zebra",
            r"labels: expected `seen` or `unseen` or `all`, got `zebra`; other labels are given as a list: \['zeb",
        ),
        ([], "labels: expected labels to choose from; got no name"),
        (["zebra", 3], "labels: expected the names of labels, got 3"),
        (["zebra", "zebra"], "labels: `zebra` occurs twice"),
        (3, "labels: expected `seen`, `unseen`, `all` or names of labels, got 3"),
        (["zebra", "okapy"], r"labels: 1 label is not in WordNet 3.0's nouns(?s:.*)`okapy`.*`okapi`"),
    ],
)
def test_what_names_no_labels(trained: compose.Run, picture: Path, labels: Any, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        trained.predict(picture, labels=labels)


def test_the_threshold_is_the_best_on_the_validation_images(trained: compose.Run) -> None:
    """Against micro-F1 at every threshold."""
    seen = trained.labels.label_set("seen")
    examples = trained.prepared.source.split("val")
    batch = examples[range(len(examples))]
    with torch.no_grad():
        found = trained.model(image=batch["image"], **trained.label_inputs("seen"))["scores"]
    targets = batch["targets"][:, seen.index]

    best = max(_f1(found > cut, targets > 0) for cut in found.unique().tolist())
    assert _f1(found > trained.validation_threshold, targets > 0) == pytest.approx(best)


def _f1(predicted: torch.Tensor, truth: torch.Tensor) -> float:
    return float(2 * (predicted & truth).sum() / (predicted.sum() + truth.sum()))


def test_labels_above_the_threshold_are_predicted(trained: compose.Run) -> None:
    every = trained.predict(trained.examples(4), top=None, threshold="validation")
    cut = trained.validation_threshold
    for prediction in every:
        assert all(guess.predicted is (guess.score > cut) for guess in prediction.guesses)
        assert prediction.missed == tuple(g for g in prediction.guesses if g.correct and not g.predicted)
    few = trained.predict(trained.examples(4), top=2, threshold=cut)
    assert [prediction.missed for prediction in few] == [prediction.missed for prediction in every]
    assert all(guess.predicted is None for guess in trained.predict(trained.examples(1))[0].guesses)


def test_without_a_threshold_labels_are_missed_that_are_not_among_the_best(trained: compose.Run) -> None:
    every = trained.predict(trained.examples(4), top=None)
    assert all(prediction.missed == () for prediction in every)
    for few, all_of_it in zip(trained.predict(trained.examples(4), top=2), every, strict=True):
        assert few.missed == tuple(guess for guess in all_of_it.guesses[2:] if guess.correct)


@pytest.mark.parametrize("threshold", ["best", float("nan"), True])
def test_what_is_no_threshold(trained: compose.Run, picture: Path, threshold: Any) -> None:
    with pytest.raises(UsageError, match="threshold: expected a number, or `validation`, got"):
        trained.predict(picture, threshold=threshold)
