"""Batch norms that normalise by the batch alone, for a while."""

from __future__ import annotations

import pytest
import torch
from torch import nn
from torch.func import functional_call, vmap

from compose.training.adaptation.batch_statistics import batch_statistics


@pytest.fixture
def norm() -> nn.BatchNorm1d:
    torch.manual_seed(0)
    found = nn.BatchNorm1d(3)
    found.train()
    found(torch.randn(8, 3) * 2 + 1)  # statistics of their own
    nn.init.normal_(found.weight)
    return found


@pytest.mark.parametrize("training", [True, False])
def test_they_normalise_by_the_batch_and_keep_their_statistics(norm: nn.BatchNorm1d, training: bool) -> None:
    norm.train(training)
    stored = {name: value.clone() for name, value in norm.named_buffers()}
    batch = torch.randn(5, 3) * 4 - 7
    with batch_statistics([norm]):
        found = norm(batch)
    centred = batch - batch.mean(0)
    expected = centred / (batch.var(0, unbiased=False) + norm.eps).sqrt() * norm.weight + norm.bias
    torch.testing.assert_close(found, expected)
    assert all(torch.equal(value, stored[name]) for name, value in norm.named_buffers())
    assert (norm.training, norm.track_running_stats) == (training, True)


def test_they_are_as_before_after_an_error(norm: nn.BatchNorm1d) -> None:
    norm.eval()
    with pytest.raises(ValueError, match="stop"), batch_statistics([norm]):
        raise ValueError("stop")
    assert (norm.training, norm.track_running_stats) == (False, True)


def test_each_episode_has_its_own_under_vmap(norm: nn.BatchNorm1d) -> None:
    episodes = torch.randn(4, 6, 3) * torch.arange(1.0, 5).view(4, 1, 1)
    with batch_statistics([norm]):
        found = vmap(lambda batch: functional_call(norm, {}, (batch,)))(episodes)
        expected = torch.stack([norm(batch) for batch in episodes])
    torch.testing.assert_close(found, expected)
