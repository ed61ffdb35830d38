"""Batch norms that normalise by the batch at hand and leave their stored statistics alone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from torch.nn.modules.batchnorm import _BatchNorm


@contextmanager
def batch_statistics(norms: Sequence[_BatchNorm]) -> Iterator[None]:
    """Within it, each normalises by the mean and variance of its batch, in training and in evaluation.

    Weights that adapt to an episode have no statistics of its data; as in MAML (ICML 2017), its support and its queries
    are each normalised by their own. Under ``torch.func.vmap`` the stored ones could not be changed anyway.

    Args:
        norms: batch norms.
    """
    before = [(norm.training, norm.track_running_stats) for norm in norms]
    try:
        for norm in norms:
            norm.training, norm.track_running_stats = True, False
        yield
    finally:
        for norm, (training, tracks) in zip(norms, before, strict=True):
            norm.training, norm.track_running_stats = training, tracks
