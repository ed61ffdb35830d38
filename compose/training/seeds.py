"""Randomness as a function of where training stands, so that nothing random need be saved or can be disturbed.

Before every batch the generators are seeded from the run's seed, the stage, the epoch, the batch and the process. A
resumed run therefore draws what the uninterrupted one drew, and validating more often changes no weight.
"""

from __future__ import annotations

from hashlib import blake2b


def derive(*parts: int) -> int:
    """A seed (63 bits) from a tuple of integers; tuples that differ anywhere give unrelated seeds."""
    text = ",".join(map(str, parts)).encode()
    return int.from_bytes(blake2b(text, digest_size=8).digest(), "little") >> 1


def seed_all(seed: int) -> None:
    """Seed torch (the CPU's generator and the accelerators' in use), numpy and ``random``."""
    import random

    import numpy as np
    import torch

    # torch.manual_seed does the same and takes 75 µs, as it asks after every kind of device.
    torch.default_generator.manual_seed(seed)
    if torch.cuda.is_initialized():  # type: ignore[no-untyped-call]
        torch.cuda.manual_seed_all(seed)
    if torch.backends.mps.is_available():
        torch.mps.manual_seed(seed)
    np.random.seed(seed % 2**32)
    random.seed(seed)
