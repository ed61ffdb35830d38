"""A run that is to go on: how far it has come, and what it was made of until then."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

from compose.errors import SpecError, SpecErrors
from compose.spec.yaml.reader import load_file
from compose.spec.yaml.tree import place_of, plain
from compose.training.storage.checkpoint import Checkpoints
from compose.training.storage.data_record import DataRecord, lost
from compose.training.storage.fingerprint import check_code, installed_code, version_changes
from compose.training.storage.lock import relocked, versions
from compose.training.storage.run_folder import RunFolder
from compose.training.storage.spec_changes import Change, Progress, check_fixed, spec_changes

if TYPE_CHECKING:
    from compose.spec.read import Spec
    from compose.training.prepare import Prepared
    from compose.training.stages.stage import Stage


@dataclass(frozen=True)
class EarlierRun:
    """What a run's folder says of it.

    Args:
        folder: the folder, whose lock this process has, if it is the one that writes.
    """

    folder: RunFolder

    @cached_property
    def _saved(self) -> Mapping[str, Any] | None:
        return Checkpoints(self.folder.checkpoints).glance()

    @property
    def step(self) -> int:
        """Its optimizer steps until its newest checkpoint."""
        return self._saved["state"]["step"] if self._saved else 0

    @cached_property
    def data(self) -> DataRecord | None:
        """What it was trained on; None where that is not known."""
        return DataRecord.read(self.folder.data)

    def changes(self, spec: Spec) -> list[Change]:
        """What a spec says otherwise, and may.

        Args:
            spec: the spec that it is to go on with.

        Raises:
            SpecErrors: what may not, each at its line.
            UsageError: the code of an installed package's blocks has changed.
        """
        locked = self._locked
        if self._saved is None:
            check_fixed(spec, locked, Progress(), self.folder.path)
        else:
            known = self._saved["fingerprint"]
            check_fixed(spec, known["spec"], Progress.of(self._saved), self.folder.path)
            check_code(known["packages"], installed_code(spec.registry, spec.blocks))
        return spec_changes(spec, locked)

    @property
    def _locked(self) -> dict[str, Any]:
        """The values of its lock file."""
        expected = "the file as the run wrote it, or a new run without --resume"
        try:
            found = plain(load_file(self.folder.lock))
        except SpecErrors as damage:
            raise SpecErrors([replace(error, expected=expected) for error in damage.errors]) from None
        if not isinstance(found, dict):
            raise SpecErrors([SpecError("damaged-lock", f"{self.folder.lock} holds no spec", expected=expected)])
        return found

    def data_changes(self, made: Prepared, data: DataRecord) -> list[str]:
        """What is otherwise with the data, and is not yet in the lock file.

        Args:
            made: the spec that it is to go on with.
            data: its data now.

        Raises:
            SpecErrors: the labels' vectors or the external classes are others.
        """
        before = self.data
        if self._saved is None:
            return []
        if before is None:
            return [lost(self.folder.data)]
        if before.external_classes != data.external_classes:
            message = f"the external classes are others than in the run {self.folder.path} that is to go on"
            place = place_of(made.spec.tree, ("labels", "external"))
            raise SpecErrors([SpecError("other-run", message, place, "the same classes, or a new run")])
        same = set(before.labels) == set(data.labels) and before.seen == data.seen
        if same and before.vectors != data.vectors:
            message = f"the labels' vectors are others than in the run {self.folder.path} that is to go on"
            place = place_of(made.spec.tree, ("labels", "vectors"))
            raise SpecErrors([SpecError("other-run", message, place, "the same files, or a new run")])
        found = [f"the data: {line}" for line in data.differences(before)]
        told = self.folder.lock.read_text("utf-8").splitlines()
        return [line for line in found if f"# {self._told(line)}" not in told]

    def ends(self, stages: Sequence[Stage]) -> bool:
        """Whether all of some stages have ended, so that there is nothing left to train."""
        saved = self._saved
        return saved is not None and saved["state"]["stage"] == len(stages) and not is_reopened(stages, saved)

    def history(self, changes: Iterable[object]) -> list[str]:
        """Lines of the lock file on what has changed, versions among it."""
        before = self._saved["fingerprint"]["versions"] if self._saved else {}
        moved = version_changes(before, versions()) if before else []
        return [self._told(change) for change in [*changes, *moved]]

    def _told(self, change: object) -> str:
        return f"changed after step {self.step}: {change}"

    def lock(self, spec: Spec, history: Sequence[str]) -> str:
        """The text of its lock file from now on."""
        text = self.folder.lock.read_text("utf-8")
        return relocked(text, spec, history) if history else text


def is_reopened(stages: Sequence[Stage], saved: Mapping[str, Any]) -> bool:
    """Whether the stage that ended last goes on, as it has more epochs now and its patience has not run out.

    Args:
        stages: the stages.
        saved: a state between stages, or inside one.
    """
    ended = saved["ended"]
    if ended is None:
        return False
    stage = stages[saved["state"]["stage"] - 1]
    return stage.epochs > ended["epochs"] and not _is_exhausted(stage, ended)


def what_goes_on(stages: Mapping[str, Stage], saved: Mapping[str, Any]) -> str:
    """What would make a run go on that has ended.

    Args:
        stages: the stages by name.
        saved: its last state.
    """
    ended = saved["ended"]
    if ended is None:
        return "a further stage makes it go on"
    name, stage = list(stages.items())[saved["state"]["stage"] - 1]
    longer = "patience" if _is_exhausted(stage, ended) else "epochs"
    return f"more of `train.{name}.{longer}` makes it go on"


def _is_exhausted(stage: Stage, ended: Mapping[str, Any]) -> bool:
    return stage.patience is not None and ended["loop"]["best"]["waited"] >= stage.patience
