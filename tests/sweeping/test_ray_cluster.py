"""Runs on a Ray cluster of two workers, which is started here; the children are those of ``test_run_children``."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

import compose
from compose.errors import UsageError
from compose.sweeping.ray_cluster import HERE, RayCluster, ray_cluster
from compose.sweeping.ray_worker import RayWorker, own_version
from compose.sweeping.run_children import run_children
from compose.sweeping.workplace import check_workplace, workplace

from .test_run_children import PROGRAM, FakeQueue, wait_for

SPEC = """
name: small
data: {use: glyph_scenes, size: 16, train: 8, val: 4, test: 4}
labels: {vectors: {use: wordnet, dim: 8}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 8], taps: [block2]}
  groups: {use: channel_groups, in: backbone}
  vectors: {use: spatial_max, in: groups}
  scores: {use: max_similarity, in: [vectors, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised, epochs: 1, batch: 8, optimizer: {use: adam, lr: 1e-3}}}
evaluate: {tasks: [zsl], metrics: [map]}
"""


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    """Two workers on this machine, for all tests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("compose.sweeping.ray_cluster.cores", lambda: 2)
        patch.setenv("RAY_AUTH_MODE", "disabled")
        patch.setenv("RAY_USAGE_STATS_ENABLED", "0")
        with ray_cluster(HERE) as found:
            yield found
    assert not _of_ray()


def _of_ray() -> list[str]:
    """Processes of Ray's that this one has started and that are still there, after some time to end."""
    found: list[str] = []
    for _ in range(100):
        found = [name for name in _names_of_children() if name in ("raylet", "gcs_server")]
        if not found:
            break
        time.sleep(0.1)
    return found


def _names_of_children() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError, ValueError):
            name, _, rest = path.read_text().partition("(")[2].rpartition(")")
            state, parent = rest.split()[:2]
            if parent == str(os.getpid()) and state != "Z":
                yield name


def test_a_cluster_of_two(cluster: RayCluster) -> None:
    assert (cluster.cpus, cluster.largest, cluster.gpus) == (2, 2, 0)
    assert [cluster.jobs(asked, "auto") for asked in (None, 1, 5)] == [2, 1, 5]


def test_one_that_fails_stops_no_other(cluster: RayCluster) -> None:
    queue = FakeQueue(["orphaned", "fails"])
    assert run_children(queue, jobs=2, say=queue.lines.append, program=PROGRAM, start=cluster.starter(2, "auto"))
    reasons = {run.name: reason for run, reason in queue.failed.items()}
    assert reasons.pop("orphaned").startswith("its worker is lost, or could not be made: ")
    assert reasons == {"fails": "m.yaml:1:2: error: it is wrong [wrong]"}
    assert queue.left == 0


def test_ctrl_c_lets_runs_save_their_state_and_a_second_one_ends_them(cluster: RayCluster) -> None:
    queue = FakeQueue(["waits", "stubborn", "fine"])

    def press() -> None:
        for line in ("waits | at work", "stubborn | at work"):
            wait_for(queue, line)
        os.kill(os.getpid(), signal.SIGINT)
        wait_for(queue, "waits | saved")
        os.kill(os.getpid(), signal.SIGINT)

    thread = threading.Thread(target=press)
    thread.start()
    with pytest.raises(KeyboardInterrupt):
        run_children(queue, jobs=2, say=queue.lines.append, program=PROGRAM, start=cluster.starter(2, "auto"))
    thread.join()
    assert "fine begins" not in " ".join(queue.lines)
    assert not queue.failed


def test_a_machine_that_is_not_like_this_one(tmp_path: Path) -> None:
    told = RayWorker().begin(PROGRAM, str(tmp_path / "gone"), {}, own_version())
    assert told == f"that machine has no folder {tmp_path}/gone; all must share it"
    told = RayWorker().begin(PROGRAM, str(tmp_path), {}, "0.0.1")
    assert told == f"that machine has compose {own_version()}, and this one 0.0.1"


def test_a_worker_hands_its_variables_on_and_works_in_the_shared_folder(tmp_path: Path) -> None:
    program = "import os, sys; print(os.getcwd(), os.environ['WANDB_MODE'], file=sys.stderr)"
    worker = RayWorker()
    assert worker.begin(["python", "-c", program], str(tmp_path), {"WANDB_MODE": "offline"}, own_version()) == ""
    lines: list[str | None] = []
    while None not in lines:
        lines += worker.lines()
    assert lines == [f"{tmp_path} offline", None]
    assert worker.ending().code == 0


def test_a_sweep_on_the_cluster(cluster: RayCluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SPEC)
    found = compose.sweep("small.yaml", out="all", device="cpu", ray=HERE, progress=False)
    assert [(run.state, run.failure) for run in found.runs] == [("finished", "")]
    assert found.comparison is not None


def test_what_cannot_be_used_is_told_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(UsageError, match="--device cuda:1: Ray gives each run its GPU; expected auto, cpu or cuda"):
        check_workplace(ray=HERE, jobs=None, device="cuda:1")
    with pytest.raises(UsageError, match="--jobs 0: expected 1 or more"):
        check_workplace(ray=HERE, jobs=0, device="auto")
    with workplace(ray=None, jobs=None, device="cpu") as place:
        assert (place.jobs, place.devices, place.start) == (1, ["cpu"], None)
    monkeypatch.setattr("compose.sweeping.ray_cluster.find_spec", lambda name: None)
    with pytest.raises(UsageError, match=r"--ray needs Ray: pip install 'torchcompose\[ray\]'"):
        check_workplace(ray=HERE, jobs=None, device="auto")
