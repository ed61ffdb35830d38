"""What a search makes great: a metric of the last stage's validation, or of the evaluation on the validation split."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from compose.api.stored_run import StoredRun
from compose.errors import UsageError, nearest

if TYPE_CHECKING:
    from compose.spec.read import Spec

VALIDATION = "val/"
"""How the metrics begin that a stage measures while it trains."""


@dataclass(frozen=True)
class SearchObjective:
    """What a search makes great.

    Args:
        key: ``val/METRIC`` of the last stage, or ``TASK/METRIC`` of the evaluation.
        stage: the last stage.
        keeps_best: whether that ends with the weights of its best validation, and not with the last.
    """

    key: str
    stage: str
    keeps_best: bool

    @classmethod
    def of(cls, spec: Spec, key: str | None) -> SearchObjective:
        """The objective of a spec.

        Args:
            spec: the spec of one of the trials.
            key: as the user names it; what the last stage monitors where None.

        Raises:
            UsageError: there is no such metric, or none where none is named.
        """
        from compose.training.prepare import prepare

        made = prepare(spec)
        name, stage = list(made.stages.items())[-1]
        if key is None and (not stage.monitored or not stage.validate_every):
            raise UsageError(f"the stage `{name}` validates by no metric; expected --objective, such as zsl/map")
        chosen = key or f"{VALIDATION}{stage.monitored[0]}"
        metrics = [] if made.evaluation is None else [metric.key for metric in made.evaluation.metrics]
        task, _, metric = chosen.rpartition("/")
        if f"{task}/" != VALIDATION and metric not in metrics:
            expected = f"one of {', '.join(metrics)}" if metrics else "val/METRIC: the spec has no `evaluate:`"
            close = nearest(metric, metrics)
            hint = f"; did you mean `{task}/{close}`?" if close else ""
            raise UsageError(f"--objective {chosen}: expected TASK/METRIC, its metric {expected}{hint}")
        return cls(chosen, name, stage.keep == "best")

    def value(self, folder: Path) -> float:
        """What the run of a folder reached, which has ended.

        Raises:
            UsageError: it does not measure that.
        """
        run = StoredRun(folder)
        if self.key.startswith(VALIDATION):
            rows = [row for row in run.metrics if row["kind"] == "epoch" and row["stage"] == self.stage]
            known = [key for row in rows for key in row if key.startswith(VALIDATION)]
            values = [row[self.key] for row in rows if row.get(self.key) is not None]
            counted = values if self.keeps_best else values[-1:]
            found = max(counted, default=None)
        else:
            reached = run.results.scalars() if run.results else {}
            known, found = list(reached), reached.get(self.key)
        if found is None:
            told = ", ".join(dict.fromkeys(known)) or "nothing"
            raise UsageError(f"--objective {self.key}: {folder} does not measure it; it measures {told}")
        return float(found)
