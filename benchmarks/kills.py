"""Kill a run at random moments, go on with it, and compare it with one that nobody stopped.

    python -m benchmarks.kills [--kills 50] [--seed 1] [--folder FOLDER]

A small model trains in two stages in a process of its own, with a checkpoint after every step. It is sent SIGKILL,
SIGTERM or SIGINT after a random time, wherever it then is: while it starts, trains, validates, writes or evaluates.
The time is that which its process has computed, so that a busy machine shifts no moment.
``compose train --resume`` goes on, and is killed again, until all kills are spent; a run that ends before that is
begun anew. Compared with the uninterrupted run: the weights, to the bit, every row of metrics.jsonl but for its speed,
the scalars of TensorBoard, and the report. Printed: the kills by signal and by what the run was doing, and in how many
runs something was lost. Asked for: none.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any

SPEC = """name: killed
data: {use: glyph_scenes, size: 32, train: 32, val: 8, test: 16}
labels: {vectors: {use: wordnet, dim: 8}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 8, 8], taps: [block3]}
  groups: {use: channel_groups, in: backbone.last}
  vectors: {use: spatial_max, in: groups}
  scores: {use: max_similarity, in: [vectors, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train:
  first: {stage: supervised, epochs: 2, batch: 8, log_every: 2, checkpoint_every: 0, workers: 0}
  second: {stage: supervised, epochs: 2, batch: 8, log_every: 2, checkpoint_every: 0, workers: 1, keep: best}
evaluate: {tasks: [zsl, gzsl], metrics: [map]}
"""
SIGNALS = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT)
STOPPED = (0, 130, -signal.SIGTERM, -signal.SIGINT, -signal.SIGKILL)
"""Exit codes of a run that ended, was stopped, or was killed before it could say so."""
BEGUN = "-- begun --\n"
"""What a process prints first."""
PROCESSES = multiprocessing.get_context("forkserver")
"""Processes that need not import everything anew."""


@dataclass
class Kills:
    """What came of the kills.

    Attributes:
        by_signal: how many of each signal.
        by_moment: how many while the run did what.
        runs: how many runs were compared.
        failures: what was lost, a line each.
    """

    by_signal: Counter[str] = field(default_factory=Counter)
    by_moment: Counter[str] = field(default_factory=Counter)
    runs: int = 0
    failures: list[str] = field(default_factory=list)

    @property
    def total(self) -> int:
        """How many kills."""
        return self.by_signal.total()


class KilledRun:
    """A run in a process of its own, with ``spec.yaml`` beside it.

    Args:
        folder: its folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self._log = folder, folder.with_suffix(".log")

    def start(self) -> BaseProcess:
        """Begin it, or go on with it; returns when its process has begun to work."""
        begun = (self.folder / "spec.lock.yaml").exists()
        if not begun:
            shutil.rmtree(self.folder, ignore_errors=True)
        new = [str(self.folder.with_name("spec.yaml")), "--out", str(self.folder)]
        words = ["train", *(["--resume", str(self.folder)] if begun else new), "--device", "cpu"]
        before = self.log.count(BEGUN)
        process = PROCESSES.Process(target=command, args=(words, self._log))
        process.start()
        while self.log.count(BEGUN) == before and process.is_alive():
            time.sleep(0.01)
        return process

    def finish(self) -> float:
        """Let it run to its end; returns how many seconds it has computed, about."""
        process = self.start()
        began = end = computed(process)
        while process.exitcode is None:
            end = max(end, computed(process))
            process.join(0.01)
        if process.exitcode:
            raise RuntimeError(f"{self.folder} ended with exit code {process.exitcode}:\n{self.log}")
        return end - began

    @property
    def log(self) -> str:
        """What it printed."""
        return self._log.read_text("utf-8", "replace") if self._log.exists() else ""

    @property
    def moment(self) -> str:
        """What it is doing, as far as its folder tells."""
        if not (self.folder / "spec.lock.yaml").exists():
            return "before its folder was whole"
        if any(self.folder.glob("*/*.partial")) or any(self.folder.glob("*/.tmp*")):
            return "in a write"
        said = self.log.rpartition(BEGUN)[2]
        if "run folder" not in said:
            return "before it went on"
        if (self.folder / "weights" / "last.safetensors").exists():
            return "in the evaluation or after"
        return "in training"


def command(words: list[str], log: Path) -> None:
    """Run ``compose`` in this process, and print to a file."""
    import torch

    from compose.cli import main

    code: str | int | None = 0
    target = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    for stream in (1, 2):
        os.dup2(target, stream)
    torch.set_num_threads(1)
    multiprocessing.set_start_method("fork", force=True)  # of those that prepare batches, as from the command line
    sys.argv = ["compose", *words]
    try:
        os.write(1, BEGUN.encode())
        main()
    except KeyboardInterrupt:
        code = 130
    except SystemExit as ended:
        code = ended.code
    os._exit(code if isinstance(code, int) else 0)  # a signal from now on would come as an error of the process's end


def computed(process: BaseProcess) -> float:
    """The seconds that a process has computed, as far as the system tells; else since the machine began."""
    try:
        fields = Path(f"/proc/{process.pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return time.monotonic()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def contents(folder: Path) -> dict[str, Any]:
    """What two runs must have in common."""
    from safetensors.torch import load_file
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    events = EventAccumulator(str(folder / "events")).Reload()
    report = json.loads((folder / "report.json").read_text())
    rows = [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]
    weights = load_file(folder / "weights" / "last.safetensors")
    return {
        "the weights": {name: value.tolist() for name, value in weights.items()},
        "metrics.jsonl": [{key: value for key, value in row.items() if key != "epoch/speed"} for row in rows],
        "the scalars of TensorBoard": {
            tag: [(event.step, event.value) for event in events.Scalars(tag)]
            for tag in events.Tags()["scalars"]
            if tag != "epoch/speed"
        },
        "the report": {key: report[key] for key in ("steps", "result")},
    }


def kill(run: KilledRun, dice: random.Random, seconds: float, found: Kills) -> bool:
    """Start a run and kill it after a random time; returns whether it ended before that."""
    process = run.start()
    end = computed(process) + dice.uniform(0.0, 0.7 * seconds)  # what is left to do takes less than the whole
    while process.exitcode is None and computed(process) < end:
        process.join(0.01)
    if process.exitcode is None:
        number = dice.choice(SIGNALS)
        found.by_moment[run.moment] += 1
        found.by_signal[number.name] += 1
        assert process.pid is not None
        os.kill(process.pid, number)
        process.join()
    if process.exitcode not in STOPPED:
        found.failures.append(f"exit code {process.exitcode}: {run.log.splitlines()[-1]}")
    return process.exitcode == 0


def kills(count: int, *, seed: int, folder: Path) -> Kills:
    """Kill runs.

    Args:
        count: how many times.
        seed: of the moments and signals.
        folder: where the runs are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "spec.yaml").write_text(SPEC)
    PROCESSES.set_forkserver_preload(["compose.training.trainer", "compose.api.begin_run"])
    whole = KilledRun(folder / "whole")
    seconds = whole.finish()
    expected, dice, found = contents(whole.folder), random.Random(seed), Kills()
    while found.total < count and found.runs < 2 * count:  # most runs are killed at least once
        run = KilledRun(folder / f"run{found.runs}")
        ended = False
        while found.total < count and not ended:
            ended = kill(run, dice, seconds, found)
            print(f"\r{found.total} of {count}", end="", file=sys.stderr, flush=True)
        run.finish()
        found.runs += 1
        got = contents(run.folder)
        found.failures += [f"{run.folder}: {what} differ" for what in expected if got[what] != expected[what]]
    print(file=sys.stderr)
    return found


def main() -> None:
    """Kill and print."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--kills", type=int, default=50, help="how many")
    options.add_argument("--seed", type=int, default=1, help="of the moments and signals")
    options.add_argument("--folder", type=Path, help="where the runs are; one that is deleted where not given")
    given = options.parse_args()
    with tempfile.TemporaryDirectory() as made:
        found = kills(given.kills, seed=given.seed, folder=given.folder or Path(made))
    if found.total < given.kills:
        found.failures.append(f"{found.runs} runs ended before they could be killed {given.kills} times")
    print(f"{found.total} kills of {found.runs} runs")
    for counts in (found.by_signal, found.by_moment):
        print("  " + ", ".join(f"{count} {name}" for name, count in counts.most_common()))
    print(f"{len(found.failures)} failures")
    for line in found.failures:
        print(f"  {line}")
    if found.failures:
        sys.exit(1)


if __name__ == "__main__":
    main()
