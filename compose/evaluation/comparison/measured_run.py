"""What a comparison knows of a run that has ended."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from compose.evaluation.result import Result


@dataclass(frozen=True, kw_only=True)
class MeasuredRun:
    """A run and its result.

    Args:
        folder: where it lies, as messages name it.
        name: the spec's.
        changes: what was laid over the spec: variants, and ``key=value``; without the seed. None where that is not
            known, as of a run that was repeated from its lock.
        seed: the seed.
        begun: when, in seconds; of two runs with one seed the later counts.
        result: what it reached.
        spec: what was computed: the values of the spec without its seed, name and paper.
        blocks: the hashes of the user's files of blocks that it was trained with.
        data: the parameters of its data source that decide what is measured.
        figures: ``paper.figures`` of its spec.
        seconds: how long it took.
        parameters: of the model that scores; None where that is not known.
        version: which compose made it; "" where that is not known.
    """

    folder: str
    name: str
    changes: tuple[str, ...] | None = ()
    seed: int = 0
    begun: float = 0.0
    result: Result
    spec: Mapping[str, Any] = field(default_factory=dict)
    blocks: frozenset[str] = frozenset()
    data: Mapping[str, Any] = field(default_factory=dict)
    figures: Mapping[str, Any] = field(default_factory=dict)
    seconds: float | None = None
    parameters: int | None = None
    version: str = ""

    @property
    def identity(self) -> tuple[str, str, frozenset[str]]:
        """What it has in common with the runs of other seeds: name, spec and code."""
        return self.name, canonical(self.spec), self.blocks


def canonical(value: Any) -> str:
    """Plain data as a text that does not depend on the order of keys."""
    return json.dumps(value, sort_keys=True, default=str)
