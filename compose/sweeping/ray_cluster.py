"""Runs on a Ray cluster: Ray finds the machine for each, and tells what it prints and how it ended."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from compose.errors import UsageError
from compose.sweeping.child_run import Ending, cores
from compose.sweeping.grid_queue import STOPPED
from compose.sweeping.ray_worker import RayWorker, own_version

HERE = "local"
"""The address that starts a cluster on this machine, for as long as the sweep lasts."""
PASSED_ON = ("WANDB_", "MLFLOW_")
"""How the environment variables begin that a run has from the machine that asks."""
ATTEMPTS = ("RAY_gcs_server_port_wait_time_s", "1")
"""How often a cluster that does not answer is asked, half a minute each time; Ray itself would ask for ten minutes."""
THREADS = 4
"""Calls that a worker answers at a time: it tells what is printed, and can be stopped meanwhile."""
GRACE = 10.0
"""Seconds that a worker has to end its process."""


@dataclass(frozen=True)
class RayCluster:
    """A cluster that this process is connected to.

    Args:
        library: Ray.
        cpus: cores of all its machines.
        largest: cores of the largest of them.
        gpus: of all its machines.
    """

    library: Any
    cpus: int
    largest: int
    gpus: int

    def jobs(self, asked: int | None, device: str) -> int:
        """How many runs are trained at a time: as many as the user says, else one for each GPU, or for each core."""
        return asked or (self.gpus if self._on_gpus(device) else self.cpus) or 1

    def starter(
        self, asked: int | None, device: str
    ) -> Callable[[Sequence[str], Callable[[str | None], None]], RayChild]:
        """What begins a run, see :class:`~compose.sweeping.child_run.Child`.

        Args:
            asked: how many runs are trained at a time, as the user says it.
            device: where they compute.
        """
        jobs = self.jobs(asked, device)
        share = {
            "num_cpus": max(1, min(self.largest, self.cpus // jobs)),
            "num_gpus": min(1.0, self.gpus / jobs) if self._on_gpus(device) else 0,
            "max_concurrency": THREADS,
        }
        return lambda command, tell: RayChild(self.library, share, command, tell)

    def _on_gpus(self, device: str) -> bool:
        return self.gpus > 0 and device != "cpu"


@contextmanager
def ray_cluster(address: str) -> Iterator[RayCluster]:
    """Connect to a cluster, and leave it at the end.

    Args:
        address: as Ray takes it (``HOST:6379``, ``ray://HOST:10001``, ``auto``), or ``local``.

    Raises:
        UsageError: there is no such cluster.
    """
    ray: Any = import_module("ray")
    mine = not ray.is_initialized()
    if mine:
        own = {"num_cpus": cores(), "include_dashboard": False} if address == HERE else {}
        if address != HERE:
            os.environ.setdefault(*ATTEMPTS)
        try:
            ray.init(address, log_to_driver=False, configure_logging=False, **own)
        except Exception as error:  # of Ray, of its client or of the network
            raise UsageError(f"--ray {address}: {_first_line(error)}") from error
    try:
        nodes = [node["Resources"] for node in ray.nodes() if node["Alive"]]
        cpus = [int(node.get("CPU", 0)) for node in nodes]
        yield RayCluster(ray, sum(cpus), max(cpus, default=1), sum(int(node.get("GPU", 0)) for node in nodes))
    finally:
        if mine:
            ray.shutdown()


class RayChild:
    """A run on some machine of the cluster.

    Args:
        library: Ray.
        share: what Ray is to keep free for it.
        command: the program and its arguments.
        tell: is called with each line that it prints, and with None when it has ended, from another thread.
    """

    def __init__(
        self, library: Any, share: dict[str, Any], command: Sequence[str], tell: Callable[[str | None], None]
    ) -> None:
        self._ray, self._tell = library, tell
        self._ending, self._stopped = Ending(1), False
        self._worker = library.remote(RayWorker).options(**share).remote()
        passed = {name: value for name, value in os.environ.items() if name.startswith(PASSED_ON)}
        self._begun = self._worker.begin.remote(list(command), str(Path.cwd()), passed, own_version())
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def interrupt(self) -> None:
        """Let it save its state and end; one that waits for a machine begins no more."""
        self._stopped = True
        if self._ray.wait([self._begun], timeout=0)[0]:
            self._worker.stop.remote()
        else:
            self._ray.kill(self._worker)

    def kill(self) -> None:
        """End it at once."""
        self._stopped = True
        with suppress(Exception):  # its machine is gone
            if self._ray.wait([self._begun], timeout=0)[0]:
                self._ray.get(self._worker.kill.remote(), timeout=GRACE)
            self._ray.kill(self._worker)
        self._thread.join(GRACE)

    def ending(self) -> Ending:
        """How it ended."""
        return self._ending

    def _listen(self) -> None:
        try:
            self._ending = self._watched()
        except Exception as error:  # Ray's: of a worker that is gone, or that could not be made
            self._ending = Ending(1, f"its worker is lost, or could not be made: {_first_line(error)}")
        finally:
            if self._stopped and self._ending.code in (1, -signal.SIGTERM):  # before it could save anything
                self._ending = Ending(STOPPED)
            with suppress(Exception):
                self._ray.kill(self._worker)
            self._tell(None)

    def _watched(self) -> Ending:
        if refused := self._ray.get(self._begun):
            return Ending(1, refused)
        while True:
            for line in self._ray.get(self._worker.lines.remote()):
                if line is None:
                    ending: Ending = self._ray.get(self._worker.ending.remote())
                    return ending
                self._tell(line)


def check_ray(device: str) -> None:
    """See that Ray is there, and that no GPUs are named where it gives each run its own.

    Args:
        device: where runs compute.

    Raises:
        UsageError: it is not installed, or they are.
    """
    if find_spec("ray") is None:
        raise UsageError("--ray needs Ray: pip install 'torchcompose[ray]'")
    if device not in ("auto", "cpu", "cuda"):
        raise UsageError(f"--device {device}: Ray gives each run its GPU; expected auto, cpu or cuda")


def _first_line(error: Exception) -> str:
    return next((line.strip() for line in str(error).splitlines() if line.strip()), repr(error))
