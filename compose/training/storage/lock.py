"""The lock file of a run: the resolved spec with the versions of what ran it, itself a spec that repeats the run."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version
from itertools import takewhile
from typing import Any

from compose.shown import printable
from compose.spec.read import Spec
from compose.spec.yaml.writer import dump
from compose.training.storage.kept_blocks import KeptFile

PACKAGES = ("torch", "torchvision", "numpy", "lightning-fabric", "safetensors")
REPEAT = "# repeat with: compose train spec.lock.yaml"


def lock_text(spec: Spec, *, blocks: Sequence[KeptFile] = ()) -> str:
    """The text of a run's lock file.

    Args:
        spec: what runs.
        blocks: the user's files that the run keeps, without which the spec cannot be read.
    """
    resolved = spec.resolved
    made = [f"-v {name}" for name in resolved.chosen] + [f"-s {text}" for text in resolved.overrides]
    made += [f"--blocks {file.given}" for file in blocks if not file.beside]
    lines = [
        f"# made by: {' '.join(['compose train', resolved.file, *made])}",
        f"# with: {', '.join(f'{package} {number}' for package, number in versions().items())}",
        REPEAT,
        *(file.line for file in blocks),
    ]
    comment = "\n".join(map(printable, lines))
    return f"{comment}\n{dump(lock_values(spec))}"


def relocked(lock: str, spec: Spec, history: Sequence[str]) -> str:
    """The lock file of a run that goes on with something changed.

    Args:
        lock: its text so far, whose comments stay.
        spec: what runs now.
        history: what has changed, a line each.
    """
    head = list(takewhile(lambda line: line.startswith("#"), lock.splitlines()))
    at = head.index(REPEAT) if REPEAT in head else len(head)
    lines = [*head[:at], *(printable(f"# {line}") for line in history), *head[at:]]
    return "\n".join([*lines, dump(lock_values(spec))])


def lock_values(spec: Spec) -> dict[str, Any]:
    """The values of a spec as a lock file has them: with its name and its seed."""
    rest = {key: value for key, value in spec.values.items() if key not in ("name", "seed")}
    return {"name": spec.resolved.name, "seed": spec.seed, **rest}


def versions() -> dict[str, str]:
    """Package -> its version, of those that decide what a run computes."""
    found = {"compose": version("torchcompose"), "python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
