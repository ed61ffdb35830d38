import json

import pytest
import torch
from toy import SEEN, ToySource, make_model, make_plan, make_setting

from compose.evaluation.evaluation import Evaluation
from compose.training.stages.optimizers import Adam
from compose.training.stages.supervised import Supervised
from compose.training.storage.run_folder import RunFolder
from compose.training.trainer import train
from compose.training.training_errors import TrainingError


def open_work(stage: Supervised, **options):
    return stage.open(make_setting(**options))


def test_targets_are_those_of_the_seen_labels():
    work = open_work(Supervised(batch=4))
    batch = next(work.epoch(0, 0))
    assert set(batch) == {"image", "targets"}
    assert batch["targets"].shape == (4, sum(SEEN))
    assert set(work.terms(make_model().training, batch)) == {"loss.rank", "loss.spread"}


def test_batches_are_a_function_of_epoch_and_number():
    stage = Supervised(batch=4)
    first, again = open_work(stage), open_work(stage)
    whole = [batch["image"] for batch in first.epoch(1, 0)]
    rest = [batch["image"] for batch in again.epoch(1, 3)]
    assert len(whole) == len(first) == 5
    assert all(torch.equal(left, right) for left, right in zip(whole[3:], rest, strict=True))


def test_losses_are_chosen_by_name():
    assert open_work(Supervised(losses=["spread"])).weights == {"loss.spread": 0.4}


def test_without_a_validation_split_there_are_no_metrics():
    assert open_work(Supervised(), source=ToySource(validates=False)).metrics == []
    assert open_work(Supervised(validate_every=0)).metrics == []
    assert list(open_work(Supervised(monitor="f1@3")).metrics) == ["map", "f1@3"]
    assert list(open_work(Supervised(monitor="loss.rank")).metrics) == ["map"]


def test_validation_is_on_the_seen_labels():
    model = make_model()
    work = open_work(Supervised(), model=model)
    model.training.eval()
    metrics = work.validate()
    assert set(metrics) == {"map"}
    assert 0 < metrics["map"] < 1
    assert metrics == work.validate()


def test_predictions_carry_the_attention():
    predictions = open_work(Supervised()).predictions(3)
    assert predictions is not None
    assert predictions.images.shape == (3, 3, 8, 8)
    assert predictions.scores.shape == predictions.targets.shape == (3, 4)
    assert list(predictions.labels) == ["king", "queen", "bishop", "knight"]
    assert predictions.attention is not None
    torch.testing.assert_close(predictions.attention.sum((2, 3)), torch.ones(3, 4))


def test_pictures_are_those_that_people_see():
    class Dark(ToySource):
        def displayed(self, image):
            return image + 0.5

    plain, shown = (open_work(Supervised(), source=source).predictions(3).images for source in (ToySource(), Dark()))
    torch.testing.assert_close(shown, plain + 0.5)


def test_an_unknown_metric_is_refused(tmp_path):
    with pytest.raises(TrainingError, match=r"train\.stage1\.monitor: .*`maps`"):
        train(make_plan([Supervised(monitor="maps")]), RunFolder(tmp_path / "run"), device="cpu")
    assert not (tmp_path / "run").exists()


def test_a_run_learns_and_leaves_its_folder(tmp_path):
    stage = Supervised(epochs=12, batch=16, optimizer=Adam(lr=0.03), log_every=4)
    plan = make_plan([stage], model=make_model(dropout=0.0), source=ToySource(train=64))
    plan = type(plan)(**{**vars(plan), "evaluation": Evaluation(tasks=("seen", "gzsl"), metrics=("map", "f1@3"))})
    folder = RunFolder(tmp_path / "run")
    outcome = train(plan, folder, device="cpu")

    read = [json.loads(line) for line in folder.metrics.read_text().splitlines()]
    epochs = [line for line in read if line["kind"] == "epoch"]
    assert epochs[-1]["epoch/loss.rank"] < 0.95 * epochs[0]["epoch/loss.rank"]
    assert epochs[-1]["val/map"] > epochs[0]["val/map"]
    assert read[-1]["kind"] == "result"
    assert outcome.result is not None
    assert outcome.result["seen"].metrics["map"] > outcome.result["seen"].chance["map"] + 0.1
    assert {path.name for path in folder.path.iterdir()} == {
        "spec.lock.yaml",
        "metrics.jsonl",
        "events",
        "checkpoints",
        "weights",
        "report.md",
        "report.json",
        "results",
        "errors.html",
    }
    assert folder.lock.read_text() == "name: toy\n"
    assert "| gzsl | mAP |" in folder.report.read_text()
    assert json.loads(folder.report_data.read_text())["result"]["tasks"]["seen"]["protocol"]["data"] == "toy"
