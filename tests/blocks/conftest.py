"""Compare a block with its slow, obvious version: values and gradients, in double precision."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

import pytest
import torch
from torch import Tensor

Same = Callable[[Callable[[], Tensor], Callable[[], Tensor], Sequence[Tensor]], None]


@pytest.fixture(autouse=True)
def _seed() -> None:
    torch.manual_seed(0)


@pytest.fixture
def double() -> Iterator[None]:
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.fixture
def same() -> Same:
    """``same(fast, slow, tensors)``: equal results, and equal gradients of a random projection in the tensors."""

    def check(fast: Callable[[], Tensor], slow: Callable[[], Tensor], tensors: Sequence[Tensor]) -> None:
        found, expected = fast(), slow()
        torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-11)
        direction = torch.randn_like(expected)
        gradients = [torch.autograd.grad((result * direction).sum(), tensors) for result in (found, expected)]
        for ours, theirs in zip(*gradients, strict=True):
            torch.testing.assert_close(ours, theirs, rtol=1e-8, atol=1e-10)
            assert ours.abs().sum() > 0

    return check
