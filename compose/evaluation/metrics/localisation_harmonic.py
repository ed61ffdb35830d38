"""Localisation, seen and unseen labels weighed against each other."""

from __future__ import annotations

from typing import ClassVar

from compose.block import metric
from compose.evaluation.metrics.localisation import Localisation
from compose.evaluation.metrics.means import harmonic_mean
from compose.evaluation.metrics.rules import Rules
from compose.evaluation.scored_task import Measured, ScoredTask


@metric
class LocalisationHarmonic(Localisation):
    """Harmonic mean of the localisation mAP over the seen and over the unseen labels of the task ``gzsl``.

    Tasks that score labels of one kind alone do not have it.

    Reference: LESA (CVPR 2020), section 5.2, table 3.

    Args:
        tolerance: pixels by which boxes grow on every side.
    """

    both_kinds: ClassVar[bool] = True
    undefined: ClassVar[str] = "no image shows a seen label, or none an unseen one, in a box"

    @property
    def title(self) -> str:
        """The name, with the tolerance where it is not 0."""
        return super().title.replace("mAP", "harmonic mean")

    def measure(self, task: ScoredTask, rules: Rules) -> Measured | None:
        """The harmonic mean of each number; None where the labels are of one kind."""
        if len(set(task.seen)) < 2:
            return None
        seen, unseen = super().measure(task.of(seen=True), rules), super().measure(task.of(seen=False), rules)
        return Measured(*map(harmonic_mean, seen, unseen)) if seen and unseen else None
