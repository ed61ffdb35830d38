"""Training batches in a fixed order: a function of the seed, the epoch and the batch, whoever prepares them."""

from __future__ import annotations

import signal
from collections.abc import Iterator, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils.data import DataLoader

from compose.block import BlockError
from compose.data.source import DataError, Examples


class Loader:
    """The shuffled batches of a split, epoch after epoch.

    A batch depends on the seed, the epoch and its number alone, and not on how many workers prepare it. All batches
    have the same size: what is left over at the end of an epoch is left out, other examples in each epoch. Where there
    are fewer examples than a batch, all of them are the one batch.

    Args:
        examples: the split.
        batch: examples in a batch, over all processes.
        seed: the seed of the order.
        workers: processes that prepare batches; 0 prepares them in this one.
        rank: which of ``world`` processes this is; it gets its share of every batch: the shares follow one another.
        world: how many processes train together.

    Raises:
        BlockError: the batch cannot be shared evenly.
    """

    def __init__(
        self, examples: Examples, *, batch: int, seed: int, workers: int = 0, rank: int = 0, world: int = 1
    ) -> None:
        size = min(batch, len(examples))
        if not size:
            raise BlockError("there are no training examples", parameter="batch")
        if told := uneven(batch, len(examples), world):
            raise BlockError(told, parameter="batch")
        self._order = _Order(len(examples), batch=size, seed=seed, rank=rank, world=world)
        self._batches: DataLoader[Any] = DataLoader(
            _Guarded(examples),  # type: ignore[arg-type]  # a map from lists of indices is a dataset of batches
            batch_size=None,
            sampler=self._order,
            num_workers=workers,
            persistent_workers=workers > 0,
            pin_memory=torch.cuda.is_available(),
            worker_init_fn=_ignore_interrupts,
            generator=torch.Generator(),  # iterating draws a seed for the workers: not from the global generator
        )

    def __len__(self) -> int:
        """Batches in an epoch."""
        return self._order.count

    def epoch(self, number: int, *, start: int = 0) -> Iterator[dict[str, Tensor]]:
        """The batches of an epoch from the batch ``start`` on. One epoch is read at a time.

        Raises:
            DataError: an example cannot be read.
        """
        self._order.epoch, self._order.start = number, start
        for batch in self._batches:
            if isinstance(batch, DataError):
                try:
                    raise batch
                finally:
                    del batch  # else error and frame hold each other, and with them the workers
            yield batch


class _Order:
    """The lists of indices of an epoch's batches, as the DataLoader's sampler."""

    def __init__(self, examples: int, *, batch: int, seed: int, rank: int, world: int) -> None:
        self.examples, self.batch, self.seed, self.rank, self.world = examples, batch, seed, rank, world
        self.count = examples // batch
        self.epoch = self.start = 0

    def __len__(self) -> int:
        return self.count - self.start

    def __iter__(self) -> Iterator[list[int]]:
        from compose.data.counter_random import Dice

        keys = Dice((self.seed, self.epoch), range(self.examples)).uniform(1)[:, 0]
        order = keys.argsort(kind="stable") + self.epoch * self.examples
        for number in range(self.start, self.count):
            batch = order[number * self.batch : (number + 1) * self.batch]
            share = self.batch // self.world
            yield batch[self.rank * share : (self.rank + 1) * share].tolist()


class _Guarded:
    """Examples whose DataError is handed over as a value: a worker's exceptions arrive wrapped in tracebacks."""

    def __init__(self, examples: Examples) -> None:
        self._examples = examples

    def __len__(self) -> int:
        return len(self._examples)

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor] | DataError:
        try:
            return self._examples[indices]
        except DataError as error:
            return error


def _ignore_interrupts(_worker: int) -> None:
    """Ctrl+C is for the training process, which ends its workers itself."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def uneven(batch: int, examples: int, world: int, *, unit: str = "examples") -> str:
    """Why so many processes cannot share the batches evenly; "" where they can.

    Args:
        batch: examples in a batch.
        examples: how many there are; where they are fewer, all of them are the one batch.
        world: the processes.
        unit: what a batch holds.
    """
    size = min(batch, examples)
    if size % world == 0:
        return ""
    got = f"{batch}" if batch <= examples else f"the {examples:,} {unit} that there are"
    fitting = max(size - size % world, 0)
    hint = f"; {fitting} can be shared" if fitting else ""
    return f"expected a batch that {world} processes can share evenly, got {got}{hint}"
