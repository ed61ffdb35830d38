"""The command line under torchrun: what is told once, what is refused, and what goes on when a process is killed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SPEC = """
extends: zoo/starter.yaml
name: tiny
data: {size: 32, train: 32, val: 20, test: 26}
model:
  met: {use: met, in: image}
  backbone: {in: met, channels: [4, 8, 8, 8]}
  pyramid: {level_channels: [8, 8]}
train: {main: {epochs: 2, batch: 8, checkpoint_every: 0, log_every: 1}}
"""

BLOCK = '''
import os
import signal

from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block


@block
class Met(nn.Module):
    """Passes pictures on, and meets with what the environment says in the second process, in the sixth step."""

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Pass pictures on.

        Args:
            image: pictures.
        """
        fate, restarts = os.environ.get("FATE"), os.environ.get("TORCHELASTIC_RESTART_COUNT", "0")
        if fate and os.environ.get("RANK") == "1" and restarts == "0" and self.training and len(image) == 4:
            self.calls += 1
            if self.calls == 6 and fate == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            if self.calls == 6:
                raise ValueError("the picture is upside down")
        return image
'''


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    found = tmp_path_factory.mktemp("launched")
    (found / "tiny.yaml").write_text(SPEC)
    (found / "met.py").write_text(BLOCK)
    return found


def compose(folder, *words, processes=2, restarts=0, fate=""):
    """Run a command as several processes, or as one."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--max-restarts", str(restarts)]
    many = [*launcher, "--nproc-per-node", str(processes), "-m", "compose"]
    command = [*(many if processes > 1 else [sys.executable, "-m", "compose"]), *map(str, words)]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "FATE": fate}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240)


def train(folder, out, **options):
    return compose(folder, "train", "tiny.yaml", "--blocks", "met.py", "--device", "cpu", "--out", out, **options)


def losses(folder):
    lines = map(json.loads, Path(folder, "metrics.jsonl").read_text().splitlines())
    return [line["train/loss"] for line in lines if line["kind"] == "step"]


def test_a_killed_process_is_started_anew_and_goes_on(folder):
    done = train(folder, "killed", restarts=1, fate="killed")
    assert done.returncode == 0, done.stderr
    assert "going on after step" in done.stderr
    assert train(folder, "alone", processes=1).returncode == 0
    assert losses(folder / "killed") == pytest.approx(losses(folder / "alone"), rel=1e-4)
    results = [json.loads((folder / name / "report.json").read_text())["result"] for name in ("killed", "alone")]
    assert results[0]["tasks"]["zsl"]["metrics"] == pytest.approx(results[1]["tasks"]["zsl"]["metrics"])
    evaluated = compose(folder, "evaluate", "alone", "--device", "cpu", "--json", "-s", "evaluate.batch=4")
    assert json.loads(evaluated.stdout)["tasks"]["zsl"]["metrics"] == pytest.approx(
        results[1]["tasks"]["zsl"]["metrics"]
    )


def test_an_error_in_one_process_is_told_once_and_ends_all(folder):
    done = train(folder, "failed", fate="raises")
    assert done.returncode == 1
    assert done.stderr.count("error: `met` fails in the stage `main`: the picture is upside down") == 1
    assert "another process has ended" not in done.stderr


def test_batches_that_cannot_be_shared_are_refused_before_a_folder_is_made(folder):
    done = compose(folder, "train", "tiny.yaml", "--blocks", "met.py", "--out", "odd", "-s", "train.main.batch=7")
    told = "train.main.batch: expected a batch that 2 processes can share evenly, got 7; 6 can be shared"
    assert done.stderr.count(told) == 1
    assert not (folder / "odd").exists()


def test_parts_of_weights_need_several_processes(folder):
    done = compose(
        folder, "train", "tiny.yaml", "--blocks", "met.py", "--out", "part", "--strategy", "fsdp", processes=1
    )
    assert done.returncode == 1
    assert "expected several processes with `fsdp`" in done.stderr
    assert not (folder / "part").exists()
