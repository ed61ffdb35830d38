"""A process that has ended while the others wait for it."""

from __future__ import annotations

from torch.distributed import DistError

SAID = ("gloo/transport", "Connection closed by peer", "Connection reset by peer")
"""What the libraries say then that have no error of their own for it."""


def is_lost_process(error: BaseException) -> bool:
    """Whether an error, or what lies behind it, says that another process does not answer any more."""
    seen: BaseException | None = error
    while seen is not None:
        if isinstance(seen, DistError) or (isinstance(seen, RuntimeError) and any(text in str(seen) for text in SAID)):
            return True
        seen = seen.__cause__
    return False
