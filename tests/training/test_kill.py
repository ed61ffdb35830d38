"""kill -9 in the middle of a checkpoint's write loses nothing."""

import subprocess
import sys
import time
from pathlib import Path

import torch
from toy import ToyStage, run

HERE = Path(__file__).parent


def test_killed_while_it_writes_a_checkpoint_it_resumes_to_the_same_weights(tmp_path):
    folder, ready = tmp_path / "run", tmp_path / "ready"
    process = subprocess.Popen([sys.executable, str(HERE / "killed.py"), str(folder), str(ready)])
    deadline = time.monotonic() + 60
    while not ready.exists() and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.02)
    process.kill()
    assert process.wait() == -9
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {
        "step-000000003.safetensors",
        "step-000000004.safetensors",
        "step-000000005.safetensors.partial",
        ".tmpA1b2C3",
    }

    resumed = run([ToyStage(epochs=2, batch=4, checkpoint_every=0)], folder, resume=True)
    expected = run([ToyStage(epochs=2, batch=4)], tmp_path / "whole")
    assert all(torch.equal(resumed[name], expected[name]) for name in expected)
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["step-000000012.safetensors"]
