"""A resumed run ends in the same weights, to the bit, as one that was never interrupted."""

import json
import signal
from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor
from toy import ToySource, ToyStage, ToyWork, make_model, make_plan, run

from compose.terminal import Terminal
from compose.training.stages.optimizers import SGD, Adam, AdamW, RMSprop
from compose.training.stages.schedules import Cosine, Plateau, StepDecay
from compose.training.storage import checkpoint
from compose.training.storage.checkpoint import Checkpoints
from compose.training.storage.run_folder import RunFolder
from compose.training.storage.weights import load_weights
from compose.training.trainer import train
from compose.training.training_errors import CheckpointError, Interrupted, TrainingError


class Trap(ToyWork):
    """Sends Ctrl-C, or fails, while a batch is drawn."""

    at = -1
    drawn = 0
    crash = False

    def batches(self, number, start):
        for batch in super().batches(number, start):
            if type(self).drawn == self.at:
                type(self).drawn += 1
                if self.crash:
                    raise RuntimeError("crash")
                signal.raise_signal(signal.SIGINT)
            else:
                type(self).drawn += 1
            yield batch


def trapped(stages, path: Path, *, at: int, crash: bool = False, resume: bool = False) -> None:
    """Run until the trap goes off."""
    work = type("Work", (Trap,), {"at": at, "drawn": 0, "crash": crash})
    for stage in stages:
        stage.open = lambda setting, stage=stage: work(stage, setting)
    with pytest.raises(RuntimeError if crash else Interrupted):
        run(stages, path, resume=resume)
    for stage in stages:
        del stage.open


def same(left: dict[str, Tensor], right: dict[str, Tensor]) -> bool:
    return left.keys() == right.keys() and all(torch.equal(left[name], right[name]) for name in left)


def lines(path: Path) -> list[dict[str, object]]:
    read = [json.loads(line) for line in (path / "metrics.jsonl").read_text().splitlines()]
    return [{key: value for key, value in line.items() if key != "epoch/speed"} for line in read]


def two_stages() -> list[ToyStage]:
    return [
        ToyStage(
            epochs=2,
            batch=4,
            accumulate=2,
            clip=0.1,
            log_every=2,
            schedule=StepDecay(at=[0.5, 1]),
            optimizer=Adam(lr=1e-2),
        ),
        ToyStage(
            epochs=5,
            batch=8,
            patience=2,
            log_every=2,
            freeze=["head"],
            schedule=Plateau(patience=0),
            optimizer=SGD(lr=0.1, momentum=0.9),
        ),
    ]


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    path = tmp_path_factory.mktemp("whole") / "run"
    return run(two_stages(), path), path


@pytest.mark.parametrize("at", [0, 3, 5, 6, 11, 12, 13, 17, 20])
def test_interrupted_anywhere_it_resumes_to_the_same_weights(whole, tmp_path, at):
    trapped(two_stages(), tmp_path / "run", at=at)
    assert same(run(two_stages(), tmp_path / "run", resume=True), whole[0])
    assert lines(tmp_path / "run") == lines(whole[1])


def test_the_best_weights_of_an_interrupted_run_are_those_of_its_checkpoint(tmp_path):
    stage = ToyStage(epochs=4, batch=8, keep="best")
    trapped([stage], tmp_path / "run", at=7)
    (path, saved) = Checkpoints(RunFolder(tmp_path / "run").checkpoints).newest()
    assert saved["stage"]["best"]["weights"] is not None, path
    model = make_model(seed=1).training
    load_weights(tmp_path / "run", model, which="best")
    assert same(dict(model.state_dict()), saved["stage"]["best"]["weights"])


def test_stopped_in_validation_it_validates_again(whole, tmp_path, monkeypatch):
    def validate(self):
        signal.raise_signal(signal.SIGINT)
        raise AssertionError("expected Ctrl-C to stop the validation at once")

    with monkeypatch.context() as patch:
        patch.setattr(ToyWork, "validate", validate)
        with pytest.raises(Interrupted):
            run(two_stages(), tmp_path / "run")
    assert same(run(two_stages(), tmp_path / "run", resume=True), whole[0])
    assert lines(tmp_path / "run") == lines(whole[1])


@pytest.mark.parametrize("optimizer", [Adam(), AdamW(lr=1e-2, decay_norms=False), SGD(), RMSprop(momentum=0.9)])
def test_crashed_it_goes_on_from_the_newest_checkpoint(tmp_path, optimizer):
    def stages():
        return [
            ToyStage(
                epochs=2,
                batch=4,
                checkpoint_every=0,
                optimizer=optimizer,
                schedule=Cosine(warmup=0.5),
                lr_scale={"back*": 0.5},
            )
        ]

    expected = run(stages(), tmp_path / "whole")
    trapped(stages(), tmp_path / "run", at=8, crash=True)
    assert same(run(stages(), tmp_path / "run", resume=True), expected)


def test_without_a_checkpoint_it_starts_again(tmp_path):
    expected = run(two_stages(), tmp_path / "whole")
    trapped(two_stages(), tmp_path / "run", at=3, crash=True)
    assert same(run(two_stages(), tmp_path / "run", resume=True), expected)
    assert lines(tmp_path / "run") == lines(tmp_path / "whole")


def test_resuming_a_finished_run_changes_nothing(whole):
    before = lines(whole[1])
    assert same(run(two_stages(), whole[1], resume=True), whole[0])
    assert lines(whole[1]) == before
    assert same(load_file(RunFolder(whole[1]).weights("last")), whole[0])


@pytest.mark.parametrize("options", [{}, {"keep": "best"}, {"patience": 4}, {"optimizer": SGD(momentum=0.9)}])
def test_a_finished_run_with_more_epochs_trains_on(tmp_path, options):
    expected = run([ToyStage(epochs=5, batch=4, **options)], tmp_path / "whole")
    run([ToyStage(epochs=2, batch=4, **options)], tmp_path / "run")
    assert same(run([ToyStage(epochs=5, batch=4, **options)], tmp_path / "run", resume=True), expected)
    assert lines(tmp_path / "run") == lines(tmp_path / "whole")
    assert json.loads((tmp_path / "run" / "report.json").read_text())["steps"] == 30


def test_a_run_that_goes_on_has_no_report_until_it_ends(tmp_path):
    run([ToyStage(epochs=1, batch=4)], tmp_path / "run")
    trapped([ToyStage(epochs=3, batch=4)], tmp_path / "run", at=2, resume=True)
    assert not (tmp_path / "run" / "report.json").exists()
    model = make_model(seed=1).training
    load_weights(tmp_path / "run", model)
    saved = Checkpoints(RunFolder(tmp_path / "run").checkpoints).newest()[1]
    assert same(dict(model.state_dict()), saved["model"])


def test_no_patience_is_left_for_more_epochs(tmp_path, capsys):
    run([ToyStage(epochs=6, batch=8, patience=2)], tmp_path / "run")
    before = lines(tmp_path / "run")
    train(
        make_plan([ToyStage(epochs=9, batch=8, patience=2)]),
        RunFolder(tmp_path / "run"),
        device="cpu",
        resume=True,
        console=Terminal(),
    )
    told = "the run ended after step 12: more of `train.stage1.patience` makes it go on"
    assert told in capsys.readouterr().out.replace("\n", " ")
    assert lines(tmp_path / "run") == before
    run([ToyStage(epochs=9, batch=8, patience=4)], tmp_path / "run", resume=True)
    assert lines(tmp_path / "run")[-1]["epoch"] == 6


def test_a_further_stage_is_trained(tmp_path):
    expected = run(two_stages(), tmp_path / "whole")
    run(two_stages()[:1], tmp_path / "run")
    assert same(run(two_stages(), tmp_path / "run", resume=True), expected)


def test_a_full_disk_keeps_the_last_checkpoint_and_is_told(tmp_path, monkeypatch):
    def full(tensors, path, metadata):
        if "step-000000005" in str(path):
            Path(path).write_bytes(b"half")
            raise SafetensorError("Error while serializing: I/O error: No space left on device (os error 28)")
        save(tensors, path, metadata=metadata)

    def stages():
        return [ToyStage(epochs=2, batch=4, checkpoint_every=0)]

    save, folder = checkpoint.save_file, tmp_path / "run"
    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save_file", full)
        with pytest.raises(TrainingError) as caught:
            run(stages(), folder)
    assert str(caught.value) == (
        f"cannot write {folder}/checkpoints/step-000000005.safetensors: no space left on device; "
        f"make room on that disk. Then go on with: compose train --resume {folder} (the state after step 4 is saved)"
    )
    files = sorted(path.name for path in (folder / "checkpoints").iterdir())
    assert files == ["step-000000003.safetensors", "step-000000004.safetensors"]
    assert same(run(stages(), folder, resume=True), run(stages(), tmp_path / "whole"))
    assert lines(folder) == lines(tmp_path / "whole")


def test_validating_changes_no_weight(tmp_path):
    often = run([ToyStage(epochs=3, batch=4)], tmp_path / "often")
    never = run([ToyStage(epochs=3, batch=4, validate_every=0)], tmp_path / "never")
    assert same(often, never)


def test_the_message_of_an_interrupted_run_says_how_to_go_on(tmp_path):
    stages = [ToyStage(epochs=2, batch=4)]
    stages[0].open = lambda setting: type("Work", (Trap,), {"at": 1, "drawn": 0})(stages[0], setting)
    with pytest.raises(Interrupted) as caught:
        run(stages, tmp_path / "run")
    assert str(caught.value) == f"stopped after step 2; go on with: compose train --resume {tmp_path / 'run'}"
    assert caught.value.exit_code == 130


def test_another_model_is_refused(tmp_path):
    run([ToyStage(epochs=1)], tmp_path / "run")
    model = make_model()
    model.training.head.project = torch.nn.Linear(8, 6)
    with pytest.raises(CheckpointError, match=r"head\.project\.bias"):
        train(make_plan([ToyStage()], model=model), RunFolder(tmp_path / "run"), device="cpu", resume=True)


def test_what_is_no_run_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match=r"found no spec\.lock\.yaml"):
        run([ToyStage(epochs=1)], tmp_path, resume=True)


def test_a_source_without_validation_split_trains(tmp_path):
    run([ToyStage(epochs=1)], tmp_path / "run", source=ToySource(validates=False))
    assert not RunFolder(tmp_path / "run").weights("best").exists()
