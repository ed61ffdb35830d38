"""The runs of a search: each trial is chosen when a process is free for it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from pathlib import Path

from compose.sweeping.child_run import Ending
from compose.sweeping.grid_queue import STOPPED, ChildOptions
from compose.sweeping.planned_run import PlannedRun
from compose.sweeping.search_study import SearchStudy, SearchTrial


class SearchQueue:
    """The runs of the trials of a study, one for each seed of a trial.

    Args:
        study: chooses.
        count: how many trials the study is to have, those of other machines among them.
        out: where the runs lie.
        plan: a trial -> its runs.
        options: how they are trained.
        is_begun: whether a run has something to go on from.
        value: what a run that has ended reached.
        say: is called with each line that is told.
    """

    def __init__(
        self,
        study: SearchStudy,
        count: int,
        out: Path,
        plan: Callable[[SearchTrial], Sequence[PlannedRun]],
        options: ChildOptions,
        *,
        is_begun: Callable[[PlannedRun], bool],
        value: Callable[[PlannedRun], float | None],
        say: Callable[[str], object],
    ) -> None:
        self._study, self._count, self._out = study, count, out
        self._plan, self._options, self._is_begun, self._value, self._say = plan, options, is_begun, value, say
        self._trial_of: dict[PlannedRun, SearchTrial] = {}
        self._left: dict[int, set[PlannedRun]] = {}
        self._values: dict[int, list[float | None]] = {}
        self._waiting: deque[PlannedRun] = deque()
        self._full = False
        for trial in list(study.abandoned(out)):
            self._take(trial)

    @property
    def left(self) -> int:
        """How many runs of the trials at work have not ended."""
        return sum(map(len, self._left.values()))

    def next(self) -> PlannedRun | None:
        """See :class:`~compose.sweeping.run_children.RunQueue`."""
        while not self._waiting and not self._is_full():
            self._take(self._study.ask(self._out))
        if not self._waiting:
            return None
        run = self._waiting.popleft()
        trial = self._trial_of[run]
        self._say(f"trial {trial.number}: {run.name}: {trial.member.name}")
        return run

    def words(self, run: PlannedRun, slot: int) -> Sequence[str]:
        """See :class:`~compose.sweeping.run_children.RunQueue`."""
        return self._options.words(run, slot, resume=self._is_begun(run))

    def ended(self, run: PlannedRun, ending: Ending) -> None:
        """See :class:`~compose.sweeping.run_children.RunQueue`."""
        if ending.code == STOPPED:
            return
        if ending.code:
            self._say(f"{run.name} has failed: {ending.reason}")
        self._note(run, None if ending.code else self._value(run))

    def _is_full(self) -> bool:
        """Whether the study has all its trials; of a full one none is taken away."""
        self._full = self._full or len(self._study.trials) >= self._count
        return self._full

    def _take(self, trial: SearchTrial) -> None:
        """Plan the runs of a trial; those that ended before it was abandoned count as they are."""
        runs = self._plan(trial)
        self._left[trial.number], self._values[trial.number] = {*runs}, []
        for run in runs:
            self._trial_of[run] = trial
            value = self._value(run)
            if value is None:
                self._waiting.append(run)
            else:
                self._note(run, value)

    def _note(self, run: PlannedRun, value: float | None) -> None:
        """Take note of what a run reached; a trial reaches the mean over its seeds, and nothing where one failed."""
        number = self._trial_of[run].number
        self._left[number].discard(run)
        self._values[number].append(value)
        if self._left[number]:
            return
        reached = [one for one in self._values[number] if one is not None]
        whole = len(reached) == len(self._values[number])
        mean = sum(reached) / len(reached) if whole else None
        self._study.tell(number, mean)
        told = "failed" if mean is None else f"reached {mean:.4f}"
        self._say(f"trial {number} has {told}")
