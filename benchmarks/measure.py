"""How long calls take side by side, and how much memory a process has taken."""

from __future__ import annotations

import gc
import resource
import statistics
import time
from collections.abc import Callable, Mapping


def seconds(call: Callable[[], object]) -> float:
    """The time of one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def medians(calls: Mapping[str, Callable[[], object]], rounds: int, *, warmup: int = 1) -> dict[str, float]:
    """The median time of each call in seconds.

    The rounds alternate between the calls, and which comes first alternates too, so that whatever else the machine
    does falls on all of them.

    Args:
        calls: what to measure, by name.
        rounds: how often each is measured.
        warmup: rounds before that do not count.
    """
    times: dict[str, list[float]] = {name: [] for name in calls}
    gc.disable()
    for index in range(-warmup, rounds):
        for name in sorted(calls, reverse=index % 2 == 1):
            times[name].append(seconds(calls[name]))
    gc.enable()
    return {name: statistics.median(found[warmup:]) for name, found in times.items()}


def peak() -> float:
    """The largest memory of this process so far, in GB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024 / 1e9  # kilobytes on Linux
