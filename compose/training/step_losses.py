"""The losses of the steps, kept on the device and looked at now and then: to read one, the host waits for the GPU."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class StepRow:
    """A step's values, read from the device.

    Args:
        step: the step, from 1.
        values: one for each name of the losses.
    """

    step: int
    values: tuple[float, ...]


@dataclass
class Sums:
    """Running sums.

    Args:
        totals: a sum for each name.
        count: how many rows went into them.
    """

    totals: list[float]
    count: int

    @classmethod
    def zero(cls, width: int) -> Sums:
        """Nothing summed yet."""
        return cls([0.0] * width, 0)

    def add(self, row: StepRow) -> None:
        """Add a row."""
        self.totals = [total + value for total, value in zip(self.totals, row.values, strict=True)]
        self.count += 1


class StepLosses:
    """Values of each step by name, and their means over the epoch and since the last log line.

    Args:
        names: what a row holds.
        reduce: averages a tensor over the processes.
    """

    def __init__(self, names: Sequence[str], reduce: Callable[[Tensor], Tensor]) -> None:
        self.names = tuple(names)
        self._reduce = reduce
        self._waiting: list[tuple[int, Tensor]] = []
        self._epoch = Sums.zero(len(self.names))
        self._window = Sums.zero(len(self.names))

    def add(self, step: int, values: Tensor) -> None:
        """Keep a step's values (a vector on the device) until the next look."""
        self._waiting.append((step, values))

    def look(self) -> list[StepRow]:
        """Read what was added since the last look; waits for the device once."""
        import torch

        if not self._waiting:
            return []
        table = self._reduce(torch.stack([values for _, values in self._waiting])).tolist()
        rows = [StepRow(step, tuple(values)) for (step, _), values in zip(self._waiting, table, strict=True)]
        self._waiting.clear()
        # One by one, so that the sums do not depend on when one looks.
        for row in rows:
            self._epoch.add(row)
            self._window.add(row)
        return rows

    def not_finite(self, row: StepRow) -> list[str]:
        """The names whose value in a row is infinite or not a number."""
        return [name for name, value in zip(self.names, row.values, strict=True) if not math.isfinite(value)]

    def means(self) -> dict[str, float]:
        """Means over the epoch so far."""
        return self._means(self._epoch)

    def take_window(self) -> dict[str, float]:
        """Means since the last call."""
        means, self._window = self._means(self._window), Sums.zero(len(self.names))
        return means

    def begin_epoch(self) -> None:
        """Forget the epoch's sums."""
        self._epoch = Sums.zero(len(self.names))

    def state(self) -> dict[str, Any]:
        """The sums, for a checkpoint; everything must have been looked at."""
        assert not self._waiting, "look() before state()"
        return {"names": list(self.names), "epoch": asdict(self._epoch), "window": asdict(self._window)}

    def restore(self, state: dict[str, Any]) -> None:
        """The inverse of :meth:`state`; sums of other terms are left out."""
        if state["names"] == list(self.names):
            self._epoch, self._window = Sums(**state["epoch"]), Sums(**state["window"])

    def _means(self, sums: Sums) -> dict[str, float]:
        return {name: total / max(1, sums.count) for name, total in zip(self.names, sums.totals, strict=True)}
