"""A copy of the tree, and what its tests say of a mutant."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.mutation.mutants import Mutant

BESIDE = ("blocks", "graphs", "zoo", "specs")
"""Folders that are parts of the package ``compose`` and lie beside it."""
PATIENCE = 6.0
"""How many times as long as without a change the tests may take ..."""
GRACE = 20.0
"""... and how many seconds more, as the machine may be busy."""
LONGEST = 900
"""How many seconds tests may take without a change."""


class BrokenTests(Exception):
    """The tests fail without any change."""


@dataclass(frozen=True)
class Verdict:
    """What the tests said: ``killed``, ``survived`` or ``timeout``, and in how many seconds."""

    fate: str
    seconds: float


class Judge:
    """Holds a copy of the project's tracked and new files, and a process that tests it.

    Args:
        root: the project.
        tree: where the copy is made.
    """

    def __init__(self, root: Path, tree: Path) -> None:
        self.tree = tree
        self._took: dict[tuple[str, ...], float] = {}
        _copy(root, tree)
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(tree), "PYTHONDONTWRITEBYTECODE": "1"}
        command = [sys.executable, "-m", "benchmarks.mutation.warm_pytest", str(tree)]
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(command, cwd=root, env=environment, stdin=pipe, stdout=pipe, text=True)

    def __enter__(self) -> Judge:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._process.terminate()
        self._process.wait()

    def verdict(self, mutant: Mutant, stages: list[list[str]]) -> Verdict:
        """What the tests say of a mutant: those of the first stage, and of the next where all of these pass."""
        spent = 0.0
        for tests in stages:
            limit = self._limit(tests)
            with self._changed(mutant):
                told = self._ask(tests, limit)
            spent += told["seconds"]
            if told["code"] != 0:
                return Verdict("timeout" if told["code"] is None else "killed", spent)
        return Verdict("survived", spent)

    @contextmanager
    def _changed(self, mutant: Mutant) -> Iterator[None]:
        """The mutant in the copy of the tree, where no compiled file of its module is left."""
        path = self.tree / mutant.path
        for stale in path.parent.glob(f"__pycache__/{path.stem}.*.pyc"):
            stale.unlink()
        path.write_text(mutant.after, "utf-8")
        try:
            yield
        finally:
            path.write_text(mutant.before, "utf-8")

    def _limit(self, tests: list[str]) -> float:
        """How long these tests may take.

        Raises:
            BrokenTests: they fail without a change.
        """
        key = tuple(tests)
        if key not in self._took:
            told = self._ask(tests, LONGEST)
            if told["code"] != 0:
                raise BrokenTests(f"{' '.join(tests)} fail without a change:\n{told['tail']}")
            self._took[key] = told["seconds"]
        return GRACE + PATIENCE * self._took[key]

    def _ask(self, tests: list[str], seconds: float) -> dict[str, Any]:
        assert self._process.stdin
        assert self._process.stdout
        self._process.stdin.write(json.dumps({"tests": tests, "seconds": seconds}) + "\n")
        self._process.stdin.flush()
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


def _copy(root: Path, tree: Path) -> None:
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (root / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(root / name, tree / name)
    for name in BESIDE:
        (tree / "compose" / name).symlink_to(tree / name)
    subprocess.run([sys.executable, "-m", "compileall", "-q", "compose", "tests"], cwd=tree, check=False)
