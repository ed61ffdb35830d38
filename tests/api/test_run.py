"""``compose.train``, ``evaluate``, ``predict`` and ``Run``: one tiny run, used in all ways."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

import compose
from compose.errors import ComposeError, SpecErrors, UsageError
from compose.training.storage.folder_lock import FolderLock
from compose.training.storage.weights_file import read_weights_file, write_weights
from compose.training.training_errors import CheckpointError

from .conftest import SMALL, TINY

WRONG: Any = "bst"


def test_what_training_returns_is_what_the_folder_holds(trained: compose.Run) -> None:
    opened = compose.Run(trained.folder, device="cpu")
    assert trained.results is not None
    assert opened.results == trained.results
    assert opened.results is not None
    assert opened.results["zsl"].protocol == trained.results["zsl"].protocol
    assert opened.report["steps"] == 1
    assert [row["kind"] for row in opened.metrics][-2:] == ["epoch", "result"]
    assert opened.spec.values["name"] == "tiny-short"
    assert opened.spec.values == trained.spec.values
    assert repr(opened) == f"Run('{trained.folder}')"
    assert opened.kept_blocks == ()


def test_the_model_has_the_trained_weights(trained: compose.Run) -> None:
    from safetensors.torch import load_file

    model, weights = trained.model, load_file(trained.folder / "weights" / "last.safetensors")
    assert not model.training
    assert all(torch.equal(value, weights[name]) for name, value in model.state_dict().items())


def test_the_model_is_called_with_the_inputs_of_the_labels(trained: compose.Run) -> None:
    images, unseen = torch.zeros(2, 3, 32, 32), trained.label_inputs("unseen")
    assert trained.model(image=images, **trained.label_inputs())["scores"].shape == (2, 161)
    assert trained.model(image=images, **unseen)["scores"].shape == (2, len(trained.labels.label_set("unseen").names))
    assert set(trained.labels.inputs("unseen")) > set(unseen) == {"labels_vectors"}


def test_a_run_is_found_by_a_folder_of_runs_and_by_its_spec(here: Path) -> None:
    Path("tiny.yaml").write_text(json.dumps(TINY))
    with pytest.raises(UsageError, match="there is no run of `tiny-short` in runs/; `compose train` makes one"):
        compose.Run("tiny.yaml", variants="short")
    run = compose.train("tiny.yaml", variants="short", overrides=SMALL, device="cpu", progress=False)
    assert run.folder.parent == Path("runs/tiny-short")
    for named in ("tiny.yaml", "runs/tiny-short", run.folder, run.folder / "weights" / "last.safetensors"):
        variants = ["short"] if named == "tiny.yaml" else []
        assert compose.Run(named, variants=variants).folder == run.folder
    with pytest.raises(UsageError, match="there is no run runs/none"):
        compose.Run("runs/none")


def test_a_run_that_has_not_ended(here: Path, trained: compose.Run) -> None:
    Path("open").mkdir()
    Path("open/spec.lock.yaml").write_bytes((trained.folder / "spec.lock.yaml").read_bytes())
    run = compose.Run("open", device="cpu")
    assert run.metrics == []
    with pytest.raises(
        UsageError, match="open has no report: the run has not ended; go on with: compose train --resume open"
    ):
        _ = run.results
    with pytest.raises(CheckpointError, match="no weights and no checkpoint"):
        _ = run.model


def test_evaluate_again_and_by_another_protocol(trained: compose.Run) -> None:
    assert compose.evaluate(trained) == trained.results
    other = compose.evaluate(trained.folder, overrides={"evaluate.tasks": ["seen"]}, device="cpu")
    assert list(other.tasks) == ["seen"]
    with pytest.raises(SpecErrors, match=r"-s evaluate\.tasks=\[sen\]"):
        trained.evaluate(overrides={"evaluate.tasks": ["sen"]})


def test_a_spec_with_variants_names_its_newest_run(here: Path, trained: compose.Run, picture: Path) -> None:
    shutil.copytree(trained.folder, here / "runs" / "tiny-short" / "20300102-000000")
    Path("tiny.yaml").write_text(json.dumps(TINY))
    assert compose.evaluate("tiny.yaml", variants="short", device="cpu") == trained.results
    (found,) = compose.predict("tiny.yaml", picture, variants=["short"], top=1, device="cpu")
    assert found.guesses == trained.predict(picture, top=1)[0].guesses
    for call in (lambda: compose.evaluate("tiny.yaml"), lambda: compose.predict("tiny.yaml", picture)):
        with pytest.raises(compose.UsageError, match="there is no run of `tiny` in runs/"):
            call()
    with pytest.raises(compose.UsageError, match="there is no such file"):
        compose.predict(trained.folder, picture, blocks="none.py")


def test_predict_by_other_weights(trained: compose.Run, picture: Path, tmp_path: Path) -> None:
    folder = shutil.copytree(trained.folder, tmp_path / "run")
    weights = read_weights_file(folder / "weights" / "last.safetensors")
    zeros = {name: torch.zeros_like(value) for name, value in weights.items()}
    write_weights(folder / "weights" / "best.safetensors", zeros, step=1)
    last, best = (compose.predict(folder, picture, top=1, weights=w, device="cpu")[0] for w in ("last", "best"))
    assert last.guesses == trained.predict(picture, top=1)[0].guesses
    assert best.guesses != last.guesses


def test_weights_that_a_run_has_not(trained: compose.Run) -> None:
    told = "weights: expected `last` or `best`, got `bst`; did you mean `best`"
    for ask in (lambda: compose.Run(trained.folder, weights=WRONG), lambda: trained.evaluate(weights=WRONG)):
        with pytest.raises(UsageError, match=told):
            ask()


@pytest.mark.parametrize(
    ("name", "value"), [("variants", "short"), ("weights", "best"), ("device", "cuda"), ("blocks", "own.py")]
)
def test_a_run_that_is_open_is_as_it_is(trained: compose.Run, picture: Path, name: str, value: str) -> None:
    with pytest.raises(compose.UsageError, match=rf"is open and has its {name}: compose\.Run\('.*', {name}=\.\.\.\)"):
        compose.predict(trained, picture, **{name: value})  # type: ignore[arg-type]
    if name != "weights":
        with pytest.raises(compose.UsageError, match=f"is open and has its {name}"):
            compose.evaluate(trained, **{name: value})  # type: ignore[arg-type]
    assert compose.predict(trained, picture, weights=trained.weights, device="cpu")


def test_what_the_api_returns_and_raises_is_of_its_classes(trained: compose.Run, picture: Path) -> None:
    assert isinstance(trained.results, compose.Result)
    assert all(isinstance(prediction, compose.Prediction) for prediction in trained.predict(picture))
    assert repr(trained.labels).startswith("LabelSpace(161 labels: ")
    errors = (compose.SpecErrors, compose.UsageError, compose.TrainingError, compose.Interrupted, compose.DataError)
    assert all(issubclass(error, ComposeError) for error in errors)
    with pytest.raises(compose.TrainingError, match="cuda:99"):
        _ = compose.Run(trained.folder, device="cuda:99").model


def test_evaluate_tells_notes(trained: compose.Run, monkeypatch: pytest.MonkeyPatch) -> None:
    from compose.checks import problems

    monkeypatch.setattr(problems, "notes", lambda made: ["mind the data"])
    told: list[str] = []
    trained.evaluate(tell=told.append)
    assert told[0] == "mind the data"
    assert [
        note for note in told[1:] if not note.startswith(("what is reached on each label: ", "what is got wrong"))
    ] == []


def test_predict_takes_pictures_in_every_form(trained: compose.Run, picture: Path) -> None:
    image = Image.open(picture)
    pixels = np.asarray(image)
    channels_first = torch.from_numpy(pixels.copy()).permute(2, 0, 1)
    forms = [picture, str(picture), image, pixels, channels_first, channels_first / 255]
    found = trained.predict(forms, top=3)
    assert [prediction.picture.name for prediction in found[2:]] == [f"image {i}" for i in range(4)]
    for prediction in found:
        assert len(prediction.guesses) == 3
        assert [g.label for g in prediction.guesses] == [g.label for g in found[0].guesses]
        assert [g.score for g in prediction.guesses] == pytest.approx([g.score for g in found[0].guesses], abs=1e-5)
    assert len(trained.predict(torch.stack([channels_first] * 2))) == 2
    (alone,) = compose.predict(trained.folder, picture, top=1, labels="unseen", device="cpu")
    assert alone.guesses[0].seen is False


def test_predict_goes_on_after_a_broken_picture(trained: compose.Run, picture: Path, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    broken, good = trained.predict([tmp_path / "broken.png", picture])
    assert broken.picture.error == "not a picture that can be read"
    assert broken.guesses == ()
    assert good.guesses


def test_where_the_model_looks(trained: compose.Run, picture: Path) -> None:
    found = trained.predict(picture, top=2, attention=True)
    assert all(guess.attention is not None for guess in found[0].guesses)
    assert trained.predict(picture)[0].guesses[0].attention is None
    assert trained.picture(found).width > 3 * 160


def test_examples_are_pictures_whose_labels_are_known(trained: compose.Run) -> None:
    found = trained.predict(trained.examples(3))
    assert [prediction.picture.name for prediction in found] == ["test 0", "test 1", "test 2"]
    assert all(guess.correct is not None for prediction in found for guess in prediction.guesses)


@pytest.mark.parametrize(
    ("image", "message"),
    [
        ("none.png", "there is no file none.png"),
        (np.zeros((2, 2, 2)), "got an array 2 × 2 × 2"),
        (np.full((4, 4), 7.0), "expected the pixels of a picture to be bytes, or from 0 to 1; got 7 to 7"),
        (np.full((4, 4), np.nan), "got nan to nan"),
        (3, "got a int"),
    ],
)
def test_what_is_no_picture(trained: compose.Run, image: object, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        trained.predict(image)


@pytest.mark.parametrize("top", [0, -1, 1.5])
def test_how_many_labels(trained: compose.Run, picture: Path, top: Any) -> None:
    for ask in (trained.predict, trained.iter_predict):
        with pytest.raises(UsageError, match=f"top: expected how many labels to name, 1 at least, got {top}"):
            ask(picture, top=top)


def test_labels_that_there_are_not(trained: compose.Run, picture: Path) -> None:
    wrong: Any = "unsen"
    for ask in (lambda: trained.predict(picture, labels=wrong), lambda: trained.label_inputs(wrong)):
        with pytest.raises(UsageError, match="labels: expected `seen` or `unseen` or `all`, got `unsen`; did you mean"):
            ask()


def test_a_model_of_labels_takes_no_episodes(trained: compose.Run, picture: Path) -> None:
    for ask in (lambda: trained.episodes(1), lambda: trained.predict(picture, support={"a": picture, "b": picture})):
        with pytest.raises(UsageError, match="scores labels, and takes neither support nor episodes"):
            ask()


def test_a_run_goes_on(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(UsageError, match="expected a spec to train"):
        compose.train()
    with pytest.raises(UsageError, match="--resume needs the folder of a run"):
        compose.train(resume=True)
    with pytest.raises(UsageError, match="expected `resume` to name the folder of a run"):
        compose.train(TINY, resume=True)
    Path("tiny.yaml").write_text(json.dumps(TINY))
    with pytest.raises(UsageError, match="there is no run of `tiny` in runs/; without --resume a new one begins"):
        compose.train("tiny.yaml", resume=True)
    run = compose.train(TINY, variants="short", overrides=SMALL, out="run", device="cpu", progress=False)
    assert capsys.readouterr().err == ""
    again = compose.train(resume=run.folder, device="cpu")
    assert again.results == run.results
    told = capsys.readouterr().err
    assert "the run ended after step 1: more of `train.main.epochs` makes it go on" in told


def test_a_folder_that_is_being_written_is_left_alone(trained: compose.Run, tmp_path: Path) -> None:
    folder = shutil.copytree(trained.folder, tmp_path / "run")
    told = rf"run is being written by process {os.getpid()} on .* since .*; wait until it has ended, or stop it"
    with FolderLock.take(folder), pytest.raises(compose.TrainingError, match=told):
        compose.train(resume=folder, device="cpu", progress=False)
    (tmp_path / "new").mkdir()
    with FolderLock.take(tmp_path / "new"), pytest.raises(compose.TrainingError, match="new is being written by"):
        compose.train(TINY, overrides=SMALL, out=tmp_path / "new", device="cpu", progress=False)


def test_nothing_is_written_before_all_is_right(here: Path) -> None:
    with pytest.raises(SpecErrors, match="shape-mismatch"):
        compose.train(TINY, overrides={"model.vectors": {"use": "linear", "in": "groups", "size": 5}}, progress=False)
    with pytest.raises(SpecErrors, match="the spec has no `train:`"):
        compose.train(TINY, overrides={"train": None}, progress=False)
    assert not Path("runs").exists()


@pytest.mark.parametrize("name", ["out", "resume"])
def test_no_folder_has_an_empty_name(name: str) -> None:
    with pytest.raises(UsageError, match=f"{name}: expected a folder, got an empty name"):
        compose.train("zoo/starter.yaml", **{name: ""})  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="got an empty name"):
        compose.Run("")
