"""Rows of which several processes compute their share each, and that come together in the first of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import torch
from torch import Tensor, distributed

from compose.processes.launched import PATIENCE

if TYPE_CHECKING:
    from torch.distributed import ProcessGroup

_T = TypeVar("_T")


class Portion(NamedTuple):
    """Rows that a process computes at once.

    Attributes:
        rows: which.
        kept: how many of them count, from the first on: all, or none where they only keep pace with other processes,
            as weights that lie on several machines make all of them compute equally often.
    """

    rows: range
    kept: int


@dataclass(frozen=True)
class Shares:
    """The processes that compute together, and this one among them.

    Every method is called by all of them, in the same order.

    Args:
        rank: this one's number.
        world: how many there are.
        group: how they speak to one another of what lies in main memory.
    """

    rank: int = 0
    world: int = 1
    group: ProcessGroup | None = None

    @classmethod
    def of_run(cls) -> Shares:
        """All processes that this one was started with, which know one another already."""
        if not distributed.is_available() or not distributed.is_initialized():
            return ALONE
        group = distributed.new_group(backend="gloo", timeout=PATIENCE)
        assert isinstance(group, distributed.ProcessGroup), "all processes are in it"
        return cls(distributed.get_rank(), distributed.get_world_size(), group)

    @property
    def first(self) -> bool:
        """Whether this is the process in which results come together."""
        return self.rank == 0

    def broadcast(self, value: _T | None) -> _T:
        """What the first process has, for all; the others give None."""
        found = [value]
        if self.world > 1:
            distributed.broadcast_object_list(found, group=self.group)
        assert found[0] is not None
        return found[0]

    def each(self, value: _T) -> list[_T]:
        """What every process has, for all."""
        if self.world == 1:
            return [value]
        found: list[_T | None] = [None] * self.world
        distributed.all_gather_object(found, value, group=self.group)
        return [part for part in found if part is not None]

    def sum(self, values: Tensor) -> Tensor:
        """The sum of what every process has, on the processor."""
        total = values.clone()
        if self.world > 1:
            distributed.all_reduce(total, group=self.group)
        return total


ALONE = Shares()
"""One process."""


@dataclass(frozen=True)
class SharedRows:
    """Some rows, so many of them at a time in each process; none is computed twice.

    Args:
        count: how many there are.
        size: how many a process computes at once.
        shares: the processes.
    """

    count: int
    size: int
    shares: Shares = ALONE

    def __iter__(self) -> Iterator[Portion]:
        """What this process computes, in order."""
        for rows, own in zip(self._together, self._of(self.shares.rank), strict=True):
            yield Portion(own, len(own)) if own else Portion(rows[:1], 0)

    @property
    def own(self) -> int:
        """How many rows this process computes."""
        return sum(map(len, self._of(self.shares.rank)))

    def collect(self, own: Tensor) -> Tensor:
        """The rows of all processes in their order, in the first; the others get back their own.

        Args:
            own: what this process computed, on the processor: a row for each that counts.
        """
        if self.shares.world == 1:
            return own
        if not self.shares.first:
            distributed.send(own.contiguous(), 0, group=self.shares.group)
            return own
        whole = own.new_empty(self.count, *own.shape[1:])
        whole[self.places(0)] = own
        for rank in range(1, self.shares.world):
            places = self.places(rank)
            part = own.new_empty(len(places), *own.shape[1:])
            distributed.recv(part, rank, group=self.shares.group)
            whole[places] = part
        return whole

    @property
    def _together(self) -> list[range]:
        """What all processes compute at once."""
        step = self.size * self.shares.world
        return [range(start, min(start + step, self.count)) for start in range(0, self.count, step)]

    def _of(self, rank: int) -> list[range]:
        """A process's part of each of these."""
        world = self.shares.world
        return [rows[len(rows) * rank // world : len(rows) * (rank + 1) // world] for rows in self._together]

    def places(self, rank: int) -> Tensor:
        """Which rows a process computes, in order."""
        return torch.tensor([row for rows in self._of(rank) for row in rows], dtype=torch.int64)
