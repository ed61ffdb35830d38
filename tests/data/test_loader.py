from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

import pytest
import torch
from torch import Tensor

from compose.block import BlockError
from compose.data.loader import Loader
from compose.data.source import DataError


class Numbers:
    """Examples that are their own index."""

    def __init__(self, length: int, *, broken: int = -1) -> None:
        self.length, self.broken = length, broken

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        if self.broken in indices:
            raise DataError(f"example {self.broken} is broken")
        return {"index": torch.tensor(indices)}


def batches(loader: Loader, epoch: int, start: int = 0) -> list[list[int]]:
    return [batch["index"].tolist() for batch in loader.epoch(epoch, start=start)]


def test_an_epoch_has_every_example_once_and_full_batches_only() -> None:
    loader = Loader(Numbers(103), batch=10, seed=0)
    drawn = batches(loader, 0)
    assert len(loader) == len(drawn) == 10
    assert all(len(batch) == 10 for batch in drawn)
    flat = [index for batch in drawn for index in batch]
    assert len(set(flat)) == 100
    assert set(flat) <= set(range(103))


def test_indices_run_on_and_the_order_changes_with_epoch_and_seed() -> None:
    loader = Loader(Numbers(20), batch=20, seed=0)
    first, second = batches(loader, 0)[0], batches(loader, 1)[0]
    assert sorted(first) == list(range(20))
    assert sorted(second) == list(range(20, 40))
    assert [index + 20 for index in first] != second
    assert batches(Loader(Numbers(20), batch=20, seed=1), 0)[0] != first


def test_an_epoch_can_be_entered_anywhere() -> None:
    loader = Loader(Numbers(50), batch=8, seed=3)
    whole = batches(loader, 2)
    for start in range(7):
        assert batches(Loader(Numbers(50), batch=8, seed=3), 2, start) == whole[start:]


def test_an_abandoned_epoch_leaves_no_trace() -> None:
    loader = Loader(Numbers(50), batch=8, seed=3)
    whole = batches(loader, 2)
    list(islice(loader.epoch(1), 2))
    assert batches(loader, 2) == whole


@pytest.mark.parametrize("workers", [1, 2])
def test_workers_change_nothing(workers: int) -> None:
    alone = Loader(Numbers(50), batch=8, seed=3)
    helped = Loader(Numbers(50), batch=8, seed=3, workers=workers)
    for epoch, start in ((0, 0), (1, 0), (1, 3)):
        assert batches(helped, epoch, start) == batches(alone, epoch, start)
    list(islice(helped.epoch(1), 1))
    assert batches(helped, 0) == batches(alone, 0)


def test_processes_share_each_batch() -> None:
    whole = batches(Loader(Numbers(50), batch=8, seed=3), 1)
    shares = [batches(Loader(Numbers(50), batch=8, seed=3, rank=rank, world=2), 1) for rank in range(2)]
    for batch, one, other in zip(whole, *shares, strict=True):
        assert len(one) == len(other) == 4
        assert one + other == batch


def test_fewer_examples_than_a_batch_are_one_batch() -> None:
    loader = Loader(Numbers(5), batch=8, seed=0)
    assert len(loader) == 1
    assert sorted(batches(loader, 0)[0]) == list(range(5))
    assert len(batches(Loader(Numbers(6), batch=8, seed=0, world=2), 0)[0]) == 3


@pytest.mark.parametrize("workers", [0, 1])
def test_an_unreadable_example_is_named(workers: int) -> None:
    loader = Loader(Numbers(20, broken=7), batch=5, seed=0, workers=workers)
    with pytest.raises(DataError, match=r"^example 7 is broken$"):
        batches(loader, 0)


@pytest.mark.parametrize(
    ("length", "batch", "world", "message"),
    [
        (0, 8, 1, "there are no training examples"),
        (50, 9, 2, "expected a batch that 2 processes can share evenly, got 9; 8 can be shared$"),
        (5, 8, 2, "evenly, got the 5 examples that there are; 4 can be shared$"),
        (1, 8, 2, "evenly, got the 1 examples that there are$"),
    ],
)
def test_uneven_batches(length: int, batch: int, world: int, message: str) -> None:
    with pytest.raises(BlockError, match=message) as error:
        Loader(Numbers(length), batch=batch, seed=0, world=world)
    assert error.value.parameter == "batch"


def test_global_randomness_is_left_alone() -> None:
    torch.manual_seed(0)
    before = torch.get_rng_state()
    batches(Loader(Numbers(50), batch=8, seed=3, workers=1), 0)
    assert torch.equal(torch.get_rng_state(), before)
