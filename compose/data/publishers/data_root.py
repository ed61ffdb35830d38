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
        name: what it is called in the folder that ``COMPOSE_DATA`` names.

    Raises:
        BlockError: nobody says where it is, or it is not there.
    """
    root = os.environ.get(VARIABLE)
    if given is None and not root:
        say = f"the folder above `{name}` in {VARIABLE} or by --data-root"
        raise BlockError(f"where the data lies is not said: name its folder here, or {say}", parameter="folder")
    folder = (Path(root or "", name) if given is None else Path(given)).expanduser()
    if not folder.is_dir():
        whence = f", as {VARIABLE} or --data-root has it" if given is None else ""
        raise BlockError(f"there is no folder {folder}{whence}", parameter="folder")
    return folder
