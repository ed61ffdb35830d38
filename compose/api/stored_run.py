"""What lies in the folder of a run: its spec, its numbers and its report."""

from __future__ import annotations

import json
from dataclasses import replace
from functools import cached_property
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from compose.api.reading import LOCK, Files, Names, Overrides, kept_beside, read
from compose.errors import SpecErrors, UsageError
from compose.training.storage.find_run import FoundRun, find_run, newest_of

if TYPE_CHECKING:
    from compose.evaluation.per_label import LabelResult
    from compose.evaluation.result import Result
    from compose.labels.label_space import LabelSpace
    from compose.spec.read import Spec
    from compose.training.prepare import Prepared
    from compose.training.storage.data_record import DataRecord

RunLike: TypeAlias = str | PathLike[str] | FoundRun


class StoredRun:
    """A run on the disk. What it gives is read when it is asked for.

    Args:
        path: the run's folder, a folder of runs (the newest counts), a weights file, or a spec (its newest run).
        variants: where a spec is named: the variants that the run was made with.
        blocks: Python files with blocks of the user's own, in place of those that the run keeps.

    Raises:
        UsageError: there is no such run.
    """

    def __init__(self, path: RunLike, *, variants: Names = (), blocks: Files = ()) -> None:
        self._found = _find(path, [variants] if isinstance(variants, str) else list(variants))
        self._blocks = [blocks] if isinstance(blocks, str | PathLike) else list(blocks)

    def __repr__(self) -> str:
        return f"Run({str(self.folder)!r})"

    @property
    def folder(self) -> Path:
        """Where it lies."""
        return self._found.folder

    @property
    def kept_blocks(self) -> tuple[Path, ...]:
        """The run's copies of the user's block files, where it uses them.

        Raises:
            UsageError: one of them is gone, or has changed.
        """
        return () if self._blocks else kept_beside(str(self._found.lock))

    @cached_property
    def spec(self) -> Spec:
        """The spec that it was made from, with all that was laid over it; ``spec.values`` is it as a dict.

        Raises:
            SpecErrors: it names what there is no more.
        """
        return self._read(())

    @cached_property
    def prepared(self) -> Prepared:
        """What the spec names, made: data source, label space, stages, evaluation, shapes.

        Raises:
            SpecErrors: its data is gone, for one.
        """
        from compose.training.prepare import prepare

        return self._as_trained(prepare(self.spec))

    @property
    def label_notes(self) -> list[str]:
        """What is otherwise with the labels of the data than when the run was trained, for the user."""
        from compose.training.storage.data_record import told_changes

        if self._trained_on is None:
            return [self._unknown_data]
        return told_changes(self._trained_on.label_differences(self.asked.source.labels))

    @property
    def _unknown_data(self) -> str:
        """What is told where it is not known what the run was trained on."""
        from compose.training.storage.data_record import lost
        from compose.training.storage.run_folder import RunFolder

        return lost(RunFolder(self.folder).data)

    @cached_property
    def asked(self) -> Prepared:
        """What prediction needs: the same as :attr:`prepared`, or where a file of the data or the labels is gone, what
        the run keeps of them.

        Raises:
            SpecErrors: a file is gone and the run keeps nothing.
            CheckpointError: what it keeps is damaged.
        """
        from compose.training.prepare import prepare
        from compose.training.storage.kept_data import read_kept

        try:
            made = self.prepared
            assert made.space is not None, "its files can be read"
        except SpecErrors:
            kept = read_kept(self.folder)
            if kept is None:
                raise
            made = self._as_trained(prepare(self.spec, kept))
        return made

    @property
    def labels(self) -> LabelSpace:
        """The label space: names, vectors and graph of the seen and the unseen labels."""
        return self.asked.space

    @property
    def report(self) -> dict[str, Any]:
        """``report.json``: the result, seconds, steps, seed and device.

        Raises:
            UsageError: the run has not ended.
        """
        from compose.training.storage.run_folder import RunFolder

        file = RunFolder(self.folder).report_data
        if not file.is_file():
            told = f"the run has not ended; go on with: compose train --resume {self.folder}"
            raise UsageError(f"{self.folder} has no report: {told}")
        found: dict[str, Any] = json.loads(file.read_text("utf-8"))
        return found

    @cached_property
    def results(self) -> Result | None:
        """The result of the final evaluation, with its protocols; None where the spec asks for none.

        Raises:
            UsageError: the run has not ended.
        """
        from compose.evaluation.result import Result

        data = self.report["result"]
        return None if data is None else Result.from_json(data)

    def per_label(self, task: str) -> tuple[LabelResult, ...]:
        """What the model reaches on each label, as ``results/TASK.csv`` tells it.

        Args:
            task: a task of the spec: ``zsl``, ``gzsl`` or ``seen``.

        Raises:
            UsageError: the run has none of such a task.
        """
        from compose.training.storage.label_results import read_label_results

        return read_label_results(self.folder, task)

    @property
    def metrics(self) -> list[dict[str, Any]]:
        """The rows of ``metrics.jsonl``: of a few steps (``kind`` is ``step``), of each epoch, and of the result."""
        from compose.training.storage.run_folder import RunFolder

        file = RunFolder(self.folder).metrics
        return [json.loads(line) for line in file.read_text("utf-8").splitlines()] if file.is_file() else []

    @cached_property
    def _trained_on(self) -> DataRecord | None:
        """What it was trained on; None where that is not known."""
        from compose.training.storage.data_record import DataRecord
        from compose.training.storage.run_folder import RunFolder

        return DataRecord.read(RunFolder(self.folder).data)

    def _as_trained(self, made: Prepared) -> Prepared:
        """A spec, of whose labels only those are seen that the run was trained on."""
        return made if self._trained_on is None else replace(made, trained=self._trained_on.trained)

    def _read(self, overrides: Overrides) -> Spec:
        return read(self._found.lock, overrides=overrides, blocks=self._blocks)


def _find(path: RunLike, variants: list[str]) -> FoundRun:
    """The run of a folder or file, or the newest of a spec.

    Raises:
        UsageError: there is none.
    """
    if isinstance(path, FoundRun):
        return path
    if not isinstance(path, str | PathLike):
        raise UsageError(f"expected a run: its folder, one of its weights files, or a spec; got {path!r}")
    if not fspath(path).strip():
        raise UsageError("expected a run: its folder, one of its weights files, or a spec; got an empty name")
    named = Path(fspath(path))
    is_spec = named.suffix in (".yaml", ".yml") and named.name != LOCK
    return FoundRun(newest_of(str(named), variants)) if is_spec else find_run(named)
