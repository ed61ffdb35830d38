"""Which files are mutated together, and which tests are asked about them."""

from __future__ import annotations

import ast
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

BESIDE = ("blocks", "graphs")
"""Folders that are imported as parts of ``compose``."""
SLOW = ("memory", "test_processes", "test_kill", "test_any_network", "test_agreement")
"""Parts of the names of test files that take long and measure something else."""


@dataclass(frozen=True)
class Room:
    """Code that is mutated together.

    Args:
        sources: its files and folders.
        tests: test files and folders that are asked about a mutant that the tests nearest to it let live.
        without: folders of the sources that are left out.
    """

    sources: tuple[str, ...]
    tests: tuple[str, ...]
    without: tuple[str, ...] = ()


PUBLISHED = "tests/spec/schema/test_published.py"
"""What is declared, down to every range and default, against the schema that is checked in."""
ROOMS = {
    "blocks": Room(
        ("blocks",),
        ("tests/blocks/core", "tests/blocks/test_layer_options.py", "tests/blocks/test_leading_dims.py", PUBLISHED),
        ("blocks/losses", "blocks/vision/networks"),
    ),
    "losses": Room(("blocks/losses",), ("tests/blocks/losses", PUBLISHED)),
    "metrics": Room(
        ("compose/evaluation/metrics",),
        ("tests/evaluation/metrics", "tests/evaluation/episodes", "tests/evaluation/test_baselines.py", PUBLISHED),
    ),
    "wup": Room(
        ("graphs/similarity", "graphs/taxonomy", "graphs/label_graphs", "graphs/nearest.py"),
        ("tests/graphs/similarity", "tests/graphs/label_graphs", PUBLISHED),
    ),
    "merge": Room(("compose/spec/layers",), ("tests/spec/layers", "tests/spec/test_golden.py")),
    "wire": Room(
        ("compose/spec/wiring",), ("tests/spec/wiring", "tests/spec/test_golden.py", "tests/spec/test_composites.py")
    ),
    "resume": Room(
        ("compose/training/storage", "compose/training/best_weights.py"),
        (
            "tests/training/storage",
            "tests/training/test_resume.py",
            "tests/training/test_run_plan.py",
            "tests/api/test_any_folder.py",
            "tests/api/test_changed_data.py",
            "tests/api/test_kept_blocks.py",
            "tests/api/test_run.py",
        ),
    ),
}


def room_of(name: str) -> Room:
    """A room by its name, or that of a file or folder, whose tests are those of the folder that mirrors it."""
    if name in ROOMS:
        return ROOMS[name]
    return Room((name,), (str(_mirror(Path(name))),))


def sources(root: Path, room: Room) -> list[Path]:
    """The room's modules, from the root."""
    found: list[Path] = []
    for source in map(Path, room.sources):
        found += sorted((root / source).rglob("*.py")) if (root / source).is_dir() else [root / source]
    relative = [path.relative_to(root) for path in found if path.name != "__init__.py"]
    return [path for path in relative if not any(path.is_relative_to(folder) for folder in room.without)]


def nearest_tests(root: Path, source: Path) -> list[str]:
    """The test files named after a module, and those in the tests of its part that import it; else its folder's."""
    mirror = _mirror(source.parent)
    named = [path for path in _files(root, [str(mirror)]) if source.stem in path.stem]
    importing = [path for path in _files(root, [str(Path(*mirror.parts[:3]))]) if _module(source) in _imported(path)]
    return _relative(root, [*named, *importing]) or _relative(root, _files(root, [str(mirror)]))


def wider_tests(root: Path, room: Room, source: Path) -> list[str]:
    """The room's test files, and all that mirror the module's folder."""
    return _relative(root, _files(root, [str(_mirror(source.parent)), *room.tests]))


def _mirror(source: Path) -> Path:
    """The folder of tests of a folder or file."""
    parts = source.parts[1:] if source.parts[0] == "compose" else source.parts
    return Path("tests", *parts) if source.suffix != ".py" else Path("tests", *parts[:-1])


def _module(source: Path) -> str:
    dotted = ".".join(source.with_suffix("").parts)
    return f"compose.{dotted}" if source.parts[0] in BESIDE else dotted


def _files(root: Path, names: Iterable[str]) -> list[Path]:
    found: list[Path] = []
    for name in names:
        found += sorted((root / name).rglob("test_*.py")) if (root / name).is_dir() else [root / name]
    return [path for path in found if path.is_file() and not any(part in path.stem for part in SLOW)]


def _imported(path: Path) -> set[str]:
    tree = ast.parse(path.read_text("utf-8"))
    return {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module}


def _relative(root: Path, paths: Iterable[Path]) -> list[str]:
    return [str(path.relative_to(root)) for path in dict.fromkeys(paths)]
