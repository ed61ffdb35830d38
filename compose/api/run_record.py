"""What the folder of a run says of it without its model: what it is of, how far it has come, what it reached."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from compose.errors import ComposeError
from compose.spec.layers.plain_name import plain_name
from compose.spec.schema.document import ABOUT
from compose.spec.yaml.reader import load_file
from compose.spec.yaml.tree import Tree, plain
from compose.training.storage.find_run import LOCK
from compose.training.storage.folder_lock import is_held
from compose.training.storage.kept_blocks import kept_hashes
from compose.training.storage.made_with import MadeWith
from compose.training.storage.run_folder import RunFolder

if TYPE_CHECKING:
    from compose.evaluation.result import Result

RunProgress = Literal["finished", "training", "interrupted", "failed", "damaged"]
WITH = "# with: "


class RunRecordError(ComposeError):
    """A run that cannot be compared, and why, in words that follow its name."""


@dataclass(frozen=True)
class RunRecord:
    """The folder of a run.

    Args:
        folder: the folder, which has a lock file.
    """

    folder: Path

    @property
    def lock(self) -> Path:
        """The file with its spec."""
        return self.folder / LOCK

    @property
    def data_folder(self) -> Path:
        """The run that tells what the files of its data hold."""
        return self.folder

    @property
    def result_file(self) -> Path:
        """The file with what it reached."""
        return RunFolder(self.folder).report_data

    @property
    def blocks(self) -> frozenset[str]:
        """The hashes of the user's files that it keeps."""
        return frozenset(kept_hashes(self.lock).values())

    @cached_property
    def values(self) -> Mapping[str, Any]:
        """The spec in its lock file.

        Raises:
            RunRecordError: it cannot be read.
        """
        try:
            found = values_of(load_file(self.lock))
        except ComposeError:
            found = {}
        if not isinstance(found.get("data"), dict):
            raise RunRecordError(f"its {self.lock.name} is damaged")
        return found

    @property
    def name(self) -> str:
        """The spec's name, without those of the variants that were laid over it."""
        name = str(self.values.get("name", self.folder.name))
        return name.removesuffix("".join(f"-{plain_name(variant)}" for variant in self.made_with.variants))

    @property
    def seed(self) -> int:
        """The seed."""
        seed = self.values.get("seed", 0)
        return seed if isinstance(seed, int) else 0

    @property
    def computed(self) -> dict[str, Any]:
        """The spec without what it says about itself, and without the seed."""
        return {key: value for key, value in self.values.items() if key not in (*ABOUT, "seed")}

    @property
    def figures(self) -> Mapping[str, Any]:
        """What its paper prints."""
        return figures_of(self.values)

    @property
    def made(self) -> str:
        """The command that made it; "" where that is not known."""
        return " ".join(self.made_with.words)

    @cached_property
    def made_with(self) -> MadeWith:
        """The command that made it."""
        return MadeWith.of(self._comments)

    @property
    def spec(self) -> str:
        """The file that it was made from, as it was named; "" where that is not known."""
        return self.made_with.spec

    @property
    def changes(self) -> tuple[str, ...]:
        """The variants and overrides that were laid over it, without the seed; those of training as they are now."""
        return self.made_with.changes_now(self._comments, self.values)

    @property
    def version(self) -> str:
        """Which compose began it; "" where that is not known."""
        told = next((line for line in self._comments if line.startswith(WITH)), "").removeprefix(WITH)
        found = next((part for part in told.split(", ") if part.startswith("compose ")), "")
        return found.removeprefix("compose ").strip()

    @property
    def begun(self) -> float:
        """When it was begun, in seconds."""
        return self.lock.stat().st_mtime

    @property
    def state(self) -> RunProgress:
        """How far it has come: what has no report is being trained, can go on from a checkpoint, or has failed."""
        if self.result_file.is_file():
            return "finished" if self._report is not None else "damaged"
        if is_held(self.folder):
            return "training"
        return "interrupted" if any(RunFolder(self.folder).checkpoints.glob("*.safetensors")) else "failed"

    @property
    def report(self) -> Mapping[str, Any]:
        """``report.json``.

        Raises:
            RunRecordError: there is none that is whole.
        """
        told = {
            "training": "it is still being trained",
            "interrupted": f"it has not ended; go on with: compose train --resume {self.folder}",
            "failed": "it has ended without a result and without a checkpoint; train it again",
            "damaged": f"its {self.result_file.name} is damaged",
        }
        state = self.state
        if state in told:
            raise RunRecordError(told[state])
        assert self._report is not None, "a finished run has a report"
        return self._report

    @property
    def result(self) -> Result:
        """What it reached.

        Raises:
            RunRecordError: it has not ended, has no result, or another edition wrote it.
        """
        from compose import __version__
        from compose.evaluation.result import Result as Found

        data = self.report.get("result")
        if data is None:
            raise RunRecordError("its spec asks for no evaluation")
        try:
            found = Found.from_json(data)
        except (KeyError, TypeError, ValueError, AttributeError):
            wrote = f"compose {self.version}" if self.version else "another edition of compose"
            told = f"its report was written by {wrote} and cannot be read by this one ({__version__}); train it again"
            raise RunRecordError(told) from None
        if not found.tasks:
            why = "; ".join(f"{task}: {why}" for task, why in found.unmeasured.items())
            raise RunRecordError(f"nothing could be measured ({why})" if why else "nothing was measured")
        return found

    @property
    def progress(self) -> str:
        """How far training has come, by its metrics; "" where nothing is told."""
        row: Mapping[str, Any] = {}
        try:
            with RunFolder(self.folder).metrics.open(encoding="utf-8") as lines:
                for line in lines:
                    row = json.loads(line)
        except (OSError, ValueError):
            pass
        return f"{row['stage']}, epoch {row['epoch']}" if {"stage", "epoch"} <= {*row} else ""

    @cached_property
    def _report(self) -> Mapping[str, Any] | None:
        try:
            found = json.loads(self.result_file.read_text("utf-8"))
        except (OSError, ValueError):
            return None
        return found if isinstance(found, dict) and "result" in found else None

    @cached_property
    def _comments(self) -> list[str]:
        try:
            lines = self.lock.read_text("utf-8").splitlines()
        except (OSError, ValueError):
            return []
        return [line for line in lines[:50] if line.startswith("#")]


def figures_of(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """``paper.figures`` of a spec."""
    figures = _paper(values).get("figures")
    return figures if isinstance(figures, Mapping) else {}


def title_of(values: Mapping[str, Any]) -> str:
    """The title of a spec's paper; "" where it has none."""
    return str(_paper(values).get("title") or "")


def values_of(tree: Tree) -> Mapping[str, Any]:
    """A spec's tree as plain data."""
    found = plain(tree)
    return found if isinstance(found, dict) else {}


def _paper(values: Mapping[str, Any]) -> Mapping[str, Any]:
    paper = values.get("paper")
    return paper if isinstance(paper, Mapping) else {}
