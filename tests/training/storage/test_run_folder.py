import math
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
import torch
from toy import ToyStage, make_model, run

from compose.training.best_weights import BestWeights
from compose.training.device import choose_device, choose_precision
from compose.training.interrupt import Interrupt
from compose.training.seeds import derive, seed_all
from compose.training.step_losses import StepLosses
from compose.training.storage.folder_lock import FolderLock
from compose.training.storage.run_folder import RunFolder
from compose.training.storage.weights import load_weights
from compose.training.training_errors import CheckpointError, TrainingError


def test_two_runs_of_one_second_get_a_folder_each(tmp_path):
    names = [RunFolder.named(tmp_path, "ml2p", variant="paper") for _ in range(3)]
    made = [replace(name, path=names[0].path).make() for name in names]
    for folder in made:
        folder.begin("name: ml2p\n")
    stamp = names[0].path.name
    assert [folder.path.name for folder in made] == [stamp, f"{stamp}-2", f"{stamp}-3"]
    assert {folder.path.parent for folder in made} == {tmp_path / "ml2p-paper"}
    assert made[1].lock.read_text() == "name: ml2p\n"


def test_processes_that_start_together_get_a_folder_each(tmp_path):
    code = (
        "import sys, time; from pathlib import Path; from compose.training.storage.run_folder import RunFolder\n"
        "while time.time() < float(sys.argv[2]): pass\n"
        "print(RunFolder(Path(sys.argv[1]), numbered=True).make().path)"
    )
    at = str(time.time() + 4)
    words = [sys.executable, "-c", code, str(tmp_path / "runs" / "a"), at]
    started = [subprocess.Popen(words, stdout=subprocess.PIPE, text=True) for _ in range(4)]
    assert len({process.communicate()[0] for process in started}) == 4
    assert len(list((tmp_path / "runs").iterdir())) == 4


def test_a_folder_that_is_named_may_be_there_and_empty(tmp_path):
    folder = RunFolder(tmp_path / "there").make()
    assert RunFolder(folder.path).make() == folder
    with FolderLock.take(folder.path):
        folder.begin("name: a\n")
    with pytest.raises(TrainingError, match="there is not empty; name another folder, or go on with --resume"):
        folder.begin("name: a\n")


def test_weights_of_an_unfinished_run_are_those_of_its_checkpoint(tmp_path):
    expected = run([ToyStage(epochs=1, batch=8)], tmp_path / "run")
    RunFolder(tmp_path / "run").weights("last").unlink()
    model = make_model(seed=1).training
    load_weights(tmp_path / "run", model)
    assert all(torch.equal(value, expected[name]) for name, value in model.state_dict().items())


def test_a_run_that_did_not_validate_has_no_best_weights(tmp_path):
    run([ToyStage(epochs=1, validate_every=0)], tmp_path / "run")
    with pytest.raises(CheckpointError, match="no best weights, as it did not validate; use the last ones"):
        load_weights(tmp_path / "run", make_model().training, which="best")


def test_no_run_has_no_weights(tmp_path):
    with pytest.raises(CheckpointError, match="this run has no weights and no checkpoint"):
        load_weights(tmp_path, make_model().training)


def test_best_weights_need_improvement_beyond_min_delta_and_pass_over_nan():
    best = BestWeights("map", patience=2, min_delta=0.05)
    model = torch.nn.Linear(1, 1)
    better = [best.observe(value, i, model) for i, value in enumerate([math.nan, 0.3, 0.34, 0.36, 0.3])]
    assert better == [False, True, False, True, False]
    assert (best.best, best.epoch, best.exhausted) == (0.36, 3, False)
    best.observe(0.2, 5, model)
    assert best.exhausted
    loss = BestWeights("loss.rank", patience=None, min_delta=0.0)
    assert [loss.observe(value, 0, model) for value in (2.0, 1.0, 1.5)] == [True, True, False]


def test_step_losses_do_not_depend_on_when_one_looks():
    values = torch.rand(7, 2)
    one, other = (StepLosses(["loss", "rank"], lambda rows: rows) for _ in range(2))
    for step, row in enumerate(values):
        one.add(step, row)
        other.add(step, row)
        if step in (1, 4):
            other.look()
    one.look()
    assert len(other.look()) == 2
    assert one.state() == other.state()
    assert one.means()["rank"] == pytest.approx(values[:, 1].mean().item())
    assert one.take_window() == one.means()


def test_seeds_differ_wherever_their_parts_do():
    seeds = {derive(*parts) for parts in ((0,), (1,), (0, 0), (0, 1), (1, 0), (10,), (1, 0, 0))}
    assert len(seeds) == 7
    seed_all(derive(1))
    first = torch.rand(3)
    seed_all(derive(1))
    assert torch.equal(first, torch.rand(3))


def test_a_second_ctrl_c_stops_at_once():
    before = signal.getsignal(signal.SIGINT)
    with Interrupt() as stop:
        os.kill(os.getpid(), signal.SIGINT)
        assert stop.requested
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGTERM)
    assert signal.getsignal(signal.SIGINT) is before


@pytest.mark.parametrize("name", ["gpu", "cuda:x", "cpu:0:1"])
def test_an_unknown_device_is_refused(name):
    with pytest.raises(TrainingError, match=f"no device `{name}` here"):
        choose_device(name)


def test_precision():
    cpu = torch.device("cpu")
    assert choose_precision("auto", cpu) == 32
    assert choose_precision("bf16", cpu) == "bf16"
    with pytest.raises(TrainingError, match="precision 16 needs a GPU, and this run is on cpu"):
        choose_precision(16, cpu)
