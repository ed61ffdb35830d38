"""What the project has and ``specs/blocks.json`` does not list yet: someone forgot ``make schema``."""

from __future__ import annotations

import re
from importlib.resources import files
from pathlib import Path

from compose.block import Kind, snake_case

ROOMS = ("blocks", "graphs", "data", "labels", "evaluation", "training")
"""The packages of ``compose`` whose classes a spec may name."""
FORGOTTEN = "it is in the code, but not in specs/blocks.json: run make schema"
OWN_FILE = "what you wrote yourself is known by its file: `--blocks FILE.py`, in Python `blocks=`"
"""What to do where nothing has a name, nor one that is near."""


def unlisted(kind: Kind, name: str) -> str | None:
    """Why the index lacks a name that the project's code has; None where the code does not have it, either.

    The code is read as text: importing all of it would take seconds. Where a block is asked for, a composite may be
    meant.
    """
    if kind in ("block", "composite") and files("compose.zoo").joinpath("composites", f"{name}.yaml").is_file():
        return FORGOTTEN
    decorated = re.compile(rf"^@{kind}(?:\((.*)\))?\n(?:@.*\n)*class (\w+)", re.MULTILINE)
    for path in _modules():
        for options, cls in decorated.findall(path.read_text("utf-8")):
            named = re.search(r'\bname="(\w+)"', options)
            if name == (named[1] if named else snake_case(cls)):
                return FORGOTTEN
    return None


def _modules() -> list[Path]:
    folders = [Path(str(files(f"compose.{room}"))) for room in ROOMS]
    return [path for folder in folders for path in sorted(folder.rglob("*.py"))]
