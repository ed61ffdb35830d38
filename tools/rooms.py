"""The rooms of the project: which there are, on which floor each stands, and which uses which."""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[1]
PARTS = ("compose", "blocks", "graphs")
"""The folders that make up the package ``compose``."""
FLOORS = (
    ("cli",),
    ("api",),
    ("sweeping",),
    ("prediction",),
    ("block_test",),
    ("difference",),
    ("checks",),
    ("training",),
    ("evaluation",),
    ("model",),
    ("tasks",),
    ("labels",),
    ("data",),
    ("drawing",),
    ("spec",),
    ("registry",),
    ("blocks",),
    ("graphs",),
    ("processes",),
    ("contract",),
)
"""From the top down; a room uses only rooms on floors under its own. ``api`` is the package's own face, ``contract``
what everything rests on: :mod:`compose.block`, :mod:`compose.errors` and the like."""
CONTRACT = ("block", "digest", "errors", "shown", "terminal")


def modules() -> Iterator[tuple[str, Path]]:
    """Every module of the package by its dotted name, with its file."""
    for part in PARTS:
        for path in sorted((ROOT / part).rglob("*.py")):
            name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
            yield name if part == "compose" else f"compose.{name}", path


def imports(path: Path) -> Iterator[str]:
    """The modules that a file names in its imports, wherever in the file they stand."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def room(name: str) -> str:
    """The room of a module by its dotted name."""
    inner = name.split(".")[1:2]
    if inner and inner[0] in CONTRACT:
        return "contract"
    if inner == ["__main__"]:
        return "cli"
    known = {known for floor in FLOORS for known in floor}
    return inner[0] if inner and inner[0] in known else "api"


def uses() -> dict[tuple[str, str], list[str]]:
    """(room, other room that it uses) -> the imports that do so, as ``module imports module``."""
    found = defaultdict(list)
    for name, path in modules():
        for used in imports(path):
            if used.split(".")[0] == "compose" and room(used) != room(name):
                found[room(name), room(used)].append(f"{name} imports {used}")
    return dict(found)
