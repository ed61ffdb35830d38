"""Many random specs, judged and counted."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from compose.registry.registry import Registry
from tests.soundness.drawn.random_spec import RandomSpec, random_spec
from tests.soundness.drawn.registered import registered
from tests.soundness.oracle import Outcome, judge
from tests.soundness.shrink import shrunk
from tests.soundness.written import written


@dataclass
class Tally:
    """What came of some specs.

    Attributes:
        accepted: how many validate accepted, all of which are trained and evaluated.
        refused: how many it refused, each of whose errors is confirmed.
        diverged: how many of those accepted end in a loss that is not finite.
        codes: the codes of the errors.
        drawn: how often each block and loss stands in a spec, ``used`` in one that was accepted.
        failures: seed -> in what the framework was wrong.
    """

    accepted: int = 0
    refused: int = 0
    diverged: int = 0
    codes: Counter[str] = field(default_factory=Counter)
    drawn: Counter[str] = field(default_factory=Counter)
    used: Counter[str] = field(default_factory=Counter)
    failures: dict[int, tuple[str, ...]] = field(default_factory=dict)

    def add(self, drawn: RandomSpec, outcome: Outcome) -> None:
        """Count a spec."""
        self.accepted += outcome.accepted
        self.refused += not outcome.accepted
        self.diverged += outcome.diverged
        self.codes += outcome.codes
        self.drawn += drawn.drawn
        if outcome.accepted:
            self.used += drawn.drawn
        if outcome.failures:
            self.failures[drawn.seed] = outcome.failures

    def __iadd__(self, other: Tally) -> Tally:
        """Take in the counts of others."""
        self.accepted += other.accepted
        self.refused += other.refused
        self.diverged += other.diverged
        self.codes += other.codes
        self.drawn += other.drawn
        self.used += other.used
        self.failures |= other.failures
        return self


def tally(seeds: Iterable[int], *, save: Path | None = None) -> Tally:
    """Judge the specs of some seeds.

    Args:
        seeds: the seeds.
        save: where failing specs go, shrunk; None for nowhere.
    """
    found = Tally()
    with warnings.catch_warnings(), registered() as registry:
        warnings.simplefilter("ignore")  # of torch, for sizes of 0 and schedules of one step
        for seed in seeds:
            drawn = random_spec(seed, registry)
            outcome = judge(drawn.spec, registry)
            found.add(drawn, outcome)
            if outcome.failures and save is not None:
                _save(drawn, outcome, save, registry)
    return found


def _save(drawn: RandomSpec, outcome: Outcome, folder: Path, registry: Registry) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"seed {drawn.seed}" + (f", changed by {drawn.done}" if drawn.done else ""), *outcome.failures]
    comment = "".join(f"# {line}\n" for text in lines for line in text.splitlines())
    (folder / f"{drawn.seed}.yaml").write_text(comment + written(shrunk(drawn.spec, registry)).text, "utf-8")
