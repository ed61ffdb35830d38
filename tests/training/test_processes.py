"""Two processes, as torchrun starts them, train what one does."""

import os
import signal
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import torch
from safetensors.torch import load_file
from toy import make_model
from two_processes import weights
from two_processes_maml import weights as meta_learn

from compose.training.storage.weights import load_weights

HERE = Path(__file__).parent


def launch(script, *words):
    """Run a script as two processes."""
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [*command, str(HERE / script), *map(str, words)], env=environment, start_new_session=True
    )
    try:
        assert process.wait(timeout=240) == 0
    finally:
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)


def test_two_processes_train_what_one_does(tmp_path):
    launch("two_processes.py", tmp_path / "two")
    expected = weights(tmp_path / "one")
    model = make_model().training
    load_weights(tmp_path / "two", model)
    for name, value in model.state_dict().items():
        torch.testing.assert_close(value, expected[name])
    one, two = ((tmp_path / name / "metrics.jsonl").read_text().splitlines() for name in ("one", "two"))
    assert len(one) == len(two)


MAML = """
name: small
data: {use: glosses}
labels: {vectors: {use: wordnet, dim: 6}}
model:
  extractor: {use: semantic_features, in: features, hidden: [12]}
  feature: {use: feature_inference, in: extractor}
  correlation: {use: correlation_inference, in: extractor}
  inference: {use: add, in: [feature, correlation], learned: true}
  scores: {use: activation, in: inference, kind: sigmoid}
loss:
  task: {use: bce, in: [inference, novel.targets]}
train:
  first: {stage: maml, freeze: [extractor], adapt: [feature], outer: reptile, ways: 3, queries: 4, episodes: 8,
     batch: 4, epochs: 1, validate_every: 0, optimizer: {use: sgd, lr: 0.5}}
  second: {stage: maml, freeze: [extractor], adapt: [feature], inner_rates: layer, ways: 3, queries: 4, episodes: 8,
     batch: 4, epochs: 2, validation_episodes: 2, optimizer: {use: sgd, lr: 0.5}}
evaluate: {tasks: [episodes], ways: 3, episodes: 4, metrics: [micro_auc]}
"""


def test_two_processes_meta_learn_what_one_does(tmp_path):
    (tmp_path / "small.yaml").write_text(MAML)
    launch("two_processes_maml.py", tmp_path / "small.yaml", tmp_path / "two")
    expected = meta_learn(tmp_path / "small.yaml", tmp_path / "one")
    found = load_file(tmp_path / "two" / "weights" / "last.safetensors")
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        torch.testing.assert_close(found[name], value, rtol=1e-4, atol=1e-5)
