"""The lock file of a run: the resolved spec with the versions of what ran it, itself a spec that repeats the run."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from compose.spec.read import Spec
from compose.spec.yaml.writer import dump
from compose.training.storage.kept_blocks import KeptFile

PACKAGES = ("compose", "torch", "torchvision", "numpy", "lightning-fabric", "safetensors")


def lock_text(spec: Spec, *, seed: int, blocks: Sequence[KeptFile] = ()) -> str:
    """The text of a run's lock file.

    Args:
        spec: what runs.
        seed: its seed, which the spec may leave at the default.
        blocks: the user's files that the run keeps, without which the spec cannot be read.
    """
    resolved = spec.resolved
    made = [f"-v {name}" for name in resolved.chosen] + [f"-s {text}" for text in resolved.overrides]
    made += [f"--blocks {file.given}" for file in blocks]
    lines = [
        f"# made by: {' '.join(['compose train', resolved.file, *made])}",
        f"# with: compose {version('compose')}, python {platform.python_version()}, {', '.join(_versions())}",
        "# repeat with: compose train spec.lock.yaml",
        *(file.line for file in blocks),
    ]
    comment = "\n".join(line.replace("\n", " ") for line in lines)
    values = {**spec.values, "name": resolved.name}
    rest = {key: value for key, value in values.items() if key not in ("name", "seed")}
    return f"{comment}\n{dump({'name': resolved.name, 'seed': seed, **rest})}"


def _versions() -> list[str]:
    found = []
    for package in PACKAGES:
        try:
            found.append(f"{package} {version(package)}")
        except PackageNotFoundError:
            continue
    return found
