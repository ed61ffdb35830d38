"""Two processes, as torchrun starts them, train what one does."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import torch
from toy import make_model
from two_processes import weights

from compose.training.weights import load_weights

HERE = Path(__file__).parent


def test_two_processes_train_what_one_does(tmp_path):
    launch = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    script = [str(HERE / "two_processes.py"), str(tmp_path / "two")]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen([*launch, *script], env=environment, start_new_session=True)
    try:
        assert process.wait(timeout=120) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)

    expected = weights(tmp_path / "one")
    model = make_model().training
    load_weights(tmp_path / "two", model)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, expected[name])
    one, two = ((tmp_path / name / "metrics.jsonl").read_text().splitlines() for name in ("one", "two"))
    assert len(one) == len(two)
