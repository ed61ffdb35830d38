"""What torchrun tells the processes that it starts."""

from __future__ import annotations

import os


def world_size() -> int:
    """How many processes work together; 1 where torchrun started none."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def rank() -> int:
    """The number of this process among them, from 0."""
    return int(os.environ.get("RANK", "0"))


def is_first_process() -> bool:
    """Whether this is the first, or only, process."""
    return rank() == 0
