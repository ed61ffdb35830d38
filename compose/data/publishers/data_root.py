"""Where on this machine the data sets of publishers lie."""

from __future__ import annotations

import os
from pathlib import Path

from compose.block import BlockError

VARIABLE = "COMPOSE_DATA"
"""The environment variable that names the folder above those of the data sets."""


def data_folder(given: Path | None, name: str) -> Path:
    """The folder of a data set.

    Args:
        given: the folder that the spec names; None where it names none.
        name: what it is called in the folder that ``COMPOSE_DATA`` names, else in the current one.

    Raises:
        BlockError: it is not there.
    """
    root = os.environ.get(VARIABLE)
    folder = (Path(root or "", name) if given is None else Path(given)).expanduser()
    if folder.is_dir():
        return folder
    say = f"; name it here, or the folder above `{name}` in {VARIABLE} or by --data-root" if given is None else ""
    raise BlockError(f"there is no folder {folder}{say}", parameter="folder")
