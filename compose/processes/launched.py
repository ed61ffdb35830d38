"""What torchrun tells the processes that it starts."""

from __future__ import annotations

import os
from datetime import timedelta
from functools import cache
from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from torch.distributed import Store, TCPStore  # type: ignore[attr-defined]

FOLDER = "compose/folder"
"""The key of the run's folder."""
_CALLS = count()
PATIENCE = timedelta(hours=12)
"""How long a process waits for others, as while the first one measures; torchrun ends it sooner if one of them ends."""


def world_size() -> int:
    """How many processes work together; 1 where torchrun started none."""
    return int(os.environ.get("WORLD_SIZE", "1")) if "TORCHELASTIC_RUN_ID" in os.environ else 1


def rank() -> int:
    """The number of this process among them, from 0."""
    return int(os.environ.get("RANK", "0"))


def is_first_process() -> bool:
    """Whether this is the first, or only, process."""
    return rank() == 0


def restarts() -> int:
    """How often torchrun has started the processes anew, as one of them ended."""
    return int(os.environ.get("TORCHELASTIC_RESTART_COUNT", "0"))


@cache
def is_first_to_speak() -> bool:
    """Whether no other process has told yet why all of them end: the first that asks tells it."""
    store = _agent_store()
    return store is None or store.add(f"compose/told/{restarts()}", 1) == 1


def remember_folder(folder: Path) -> None:
    """Let processes that are started anew know the folder of the run."""
    store = _agent_store()
    if store is not None:
        store.set(FOLDER, str(folder.absolute()))


def remembered_folder() -> Path | None:
    """The folder of the run that goes on, as its processes were started anew; None where a run begins."""
    store = _agent_store() if restarts() else None
    return Path(store.get(FOLDER).decode()) if store is not None and store.check([FOLDER]) else None


def store_of_start() -> Store | None:
    """What the processes may exchange to find one another; None where torchrun keeps nothing for them.

    It is empty at each call, and after each start: they would else seek one another where those before them were.
    """
    from torch.distributed import PrefixStore  # type: ignore[attr-defined]

    store = _agent_store()
    return None if store is None else PrefixStore(f"compose/start/{restarts()}/{next(_CALLS)}", store)


def _agent_store() -> TCPStore | None:
    """What torchrun's own process keeps for those that it starts, also when it starts them anew; None without it."""
    if os.environ.get("TORCHELASTIC_USE_AGENT_STORE") != "True":
        return None
    from torch.distributed import TCPStore  # type: ignore[attr-defined]

    host, port = os.environ["MASTER_ADDR"], int(os.environ["MASTER_PORT"])
    try:
        return TCPStore(host, port, is_master=False, timeout=timedelta(seconds=30))
    except RuntimeError:  # torchrun itself has ended
        return None
