"""What the project has and ``specs/blocks.json`` does not list yet: someone forgot ``make schema``."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from pathlib import Path

from compose.block import Kind, snake_case

ROOMS = ("blocks", "graphs", "data", "labels", "evaluation", "training")
"""The packages of ``compose`` whose classes a spec may name."""
FORGOTTEN = "it is in the code, but not in specs/blocks.json: run make schema"
_DECORATED = re.compile(r"^@(\w+)(?:\((.*)\))?\n(?:@.*\n)*class (\w+)", re.MULTILINE)
OWN_FILE = "what you wrote yourself is known by its file: `--blocks FILE.py`, in Python `blocks=`"
"""What to do where nothing has a name, nor one that is near."""


def unlisted(kind: Kind, name: str) -> str | None:
    """Why the index lacks a name that the project's code has; None where the code does not have it, either.

    The code is read as text, once: importing all of it would take seconds. Where a block is asked for, a composite may
    be meant.
    """
    kinds = ("block", "composite") if kind in ("block", "composite") else (kind,)
    return FORGOTTEN if any((each, name) in _in_the_code() for each in kinds) else None


@cache
def _in_the_code() -> frozenset[tuple[str, str]]:
    """Kind and name of every class and composite of the project."""
    composites = Path(str(files("compose.zoo").joinpath("composites")))
    found = {("composite", path.stem) for path in composites.glob("*.yaml")}
    for path in _modules():
        for kind, options, cls in _DECORATED.findall(path.read_text("utf-8")):
            named = re.search(r'\bname="(\w+)"', options)
            found.add((kind, named[1] if named else snake_case(cls)))
    return frozenset(found)


def _modules() -> list[Path]:
    folders = [Path(str(files(f"compose.{room}"))) for room in ROOMS]
    return [path for folder in folders for path in sorted(folder.rglob("*.py"))]
