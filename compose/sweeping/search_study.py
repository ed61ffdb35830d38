"""A search as a study of Optuna's: what was tried, what it reached, and what is tried next.

It lies in a file or a database, so that several processes and machines can join it and a stopped one goes on.
"""

from __future__ import annotations

import os
import socket
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from compose.errors import UsageError
from compose.spec.layers.sweep import Member
from compose.sweeping.search_space import SearchSpace
from compose.sweeping.value_range import ValueRange
from compose.training.seeds import derive

if TYPE_CHECKING:
    import optuna

BY, OUT = "by", "out"
"""What a study keeps of a trial: the machine and the process that try it, and the folder of its runs."""
TrialProgress = Literal["running", "ended", "failed"]
STATES: dict[str, TrialProgress] = {"COMPLETE": "ended", "FAIL": "failed", "PRUNED": "failed"}


@dataclass(frozen=True)
class SearchTrial:
    """One member that a search tries.

    Args:
        number: from 0, the same on every machine.
        member: the member.
        state: how far it is.
        value: what it reached; None where it has not ended well.
    """

    number: int
    member: Member
    state: TrialProgress = "running"
    value: float | None = None


class SearchStudy:
    """A study.

    Args:
        space: what is chosen from.
        name: what the study is called; those who call it the same join.
        storage: a file, or the URL of a database.
        seed: from what the choices are drawn. Trials that end one after the other, in one process, are the same again.

    Raises:
        UsageError: Optuna is not installed, or the database cannot be used.
    """

    def __init__(self, space: SearchSpace, *, name: str, storage: str, seed: int) -> None:
        self._optuna = _optuna()
        self._space, self._seed = space, seed
        self._study = _opened(self._optuna, name, storage)

    @property
    def trials(self) -> list[SearchTrial]:
        """All trials, of every machine, in their order."""
        return [
            SearchTrial(one.number, self._space.member(one.params), STATES.get(one.state.name, "running"), one.value)
            for one in self._study.get_trials(deepcopy=False)
            if {*one.params} == {*self._space.axes}
        ]

    def ask(self, out: Path) -> SearchTrial:
        """Choose what is tried next; the choice follows the seed, the number of the trial, and what was reached.

        Args:
            out: where its runs will lie.
        """
        number = len(self._study.get_trials(deepcopy=False))
        self._study.sampler = self._optuna.samplers.TPESampler(seed=derive(self._seed, number) % 2**32)
        trial = self._study.ask(self._distributions())
        trial.set_user_attr(BY, f"{socket.gethostname()}:{os.getpid()}")
        trial.set_user_attr(OUT, str(out.absolute()))
        return SearchTrial(trial.number, self._space.member(trial.params))

    def tell(self, number: int, value: float | None) -> None:
        """Say what a trial reached; None where it has failed."""
        if value is None:
            self._study.tell(number, state=self._optuna.trial.TrialState.FAIL)
        else:
            self._study.tell(number, value)

    def abandoned(self, out: Path) -> Iterator[SearchTrial]:
        """Trials with runs in a folder, whose process has ended on this machine before they had.

        Args:
            out: the folder.
        """
        states = (self._optuna.trial.TrialState.RUNNING,)
        for one in self._study.get_trials(deepcopy=False, states=states):
            host, _, pid = str(one.user_attrs.get(BY, "")).rpartition(":")
            mine = host == socket.gethostname() and one.user_attrs.get(OUT) == str(out.absolute())
            if mine and not _is_alive(int(pid)) and {*one.params} == {*self._space.axes}:
                yield SearchTrial(one.number, self._space.member(one.params))

    def _distributions(self) -> dict[str, Any]:
        made = self._optuna.distributions
        found: dict[str, Any] = {}
        for name, axis in self._space.axes.items():
            if not isinstance(axis, ValueRange):
                found[name] = made.CategoricalDistribution([member.name for member in axis])
            elif axis.whole:
                found[name] = made.IntDistribution(int(axis.low), int(axis.high), log=axis.scale == "log")
            else:
                found[name] = made.FloatDistribution(axis.low, axis.high, log=axis.scale == "log")
        return found


def _optuna() -> Any:
    try:
        import optuna
    except ImportError:
        raise UsageError("--search needs Optuna: pip install 'torchcompose[search]'") from None
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    return optuna


def _opened(library: Any, name: str, storage: str) -> optuna.Study:
    """The study in a file or a database, which is made where there is none."""
    kept = storage
    try:
        if "://" not in storage:
            Path(storage).parent.mkdir(parents=True, exist_ok=True)
            kept = library.storages.JournalStorage(library.storages.journal.JournalFileBackend(storage))
        found: optuna.Study = library.create_study(
            storage=kept, study_name=name, direction="maximize", load_if_exists=True
        )
    except Exception as error:  # of Optuna, of its database, or of the driver of one: each has errors of its own
        raise UsageError(f"--storage {storage}: {str(error).splitlines()[0] if str(error) else error!r}") from error
    return found


def _is_alive(pid: int) -> bool:
    """Whether a process of this machine is at work."""
    if pid == os.getpid():
        return False  # it is the one that asks, and has nothing at work yet
    if sys.platform == "win32":
        return True
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
