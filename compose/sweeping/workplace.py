"""Where the runs of a sweep are trained: on this machine, or on a Ray cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from compose.errors import UsageError
from compose.sweeping.child_run import ChildStarter
from compose.sweeping.ray_cluster import check_ray, ray_cluster


@dataclass(frozen=True)
class Workplace:
    """Where runs are trained.

    Args:
        jobs: how many at a time.
        devices: where they compute, taken in turn.
        start: begins the process of each; None for one of this machine.
    """

    jobs: int
    devices: Sequence[str]
    start: ChildStarter | None = None


def check_workplace(*, ray: str | None, jobs: int | None, device: str) -> None:
    """Refuse what is no place to train at, before anything is read.

    Args:
        ray: the address of a cluster; None for this machine.
        jobs: how many runs are trained at a time; None where the user does not say.
        device: where they compute.

    Raises:
        UsageError: it is no number of jobs, Ray is not installed, or its runs cannot have these devices.
    """
    if jobs is not None and jobs < 1:
        raise UsageError(f"--jobs {jobs}: expected 1 or more")
    if ray is not None:
        check_ray(device)


@contextmanager
def workplace(*, ray: str | None, jobs: int | None, device: str) -> Iterator[Workplace]:
    """The place, for as long as runs are trained there. The arguments are those of :func:`check_workplace`.

    Raises:
        UsageError: there is no such cluster.
    """
    if ray is None:
        yield Workplace(jobs or 1, devices_of(device, jobs or 1))
        return
    with ray_cluster(ray) as cluster:
        yield Workplace(cluster.jobs(jobs, device), [device], cluster.starter(jobs, device))


def devices_of(device: str, jobs: int) -> list[str]:
    """The devices that several processes take in turn: those that are named, or every GPU."""
    named = [part.strip() for part in device.split(",") if part.strip()]
    if named == ["auto"] and jobs > 1:
        import torch

        count = torch.cuda.device_count()
        return [f"cuda:{number}" for number in range(count)] if count > 1 else named
    return named or ["auto"]
