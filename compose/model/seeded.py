"""How a module is made with its weights: by a seed of its own, whatever it draws with."""

from __future__ import annotations

import random
import re
import warnings
from collections.abc import Collection, Iterator
from contextlib import contextmanager

import numpy as np
import torch


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """All that is drawn inside follows a seed, also by Python and numpy, and nothing that is drawn after it does."""
    python, array = random.getstate(), np.random.get_state()
    try:
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            random.seed(seed)
            np.random.seed(seed % 2**32)
            yield
    finally:
        random.setstate(python)
        np.random.set_state(array)


@contextmanager
def unwarned(told: Collection[str]) -> Iterator[None]:
    """Warnings that a check has told are not told again."""
    with warnings.catch_warnings():
        for text in told:
            warnings.filterwarnings("ignore", re.escape(text))
        yield
