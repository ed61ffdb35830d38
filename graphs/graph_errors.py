"""What can be wrong with a taxonomy file, a vector file or a label, as errors with fields."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

SHOWN = 10
"""How many labels a message names."""


class GraphsError(ValueError):
    """Base of the errors of ``compose.graphs``."""


class TaxonomyError(GraphsError):
    """A taxonomy file is missing, damaged or of another format."""

    def __init__(self, path: Path, problem: str) -> None:
        super().__init__(f"{path}: {problem}")
        self.path = path
        self.problem = problem


class VectorFileError(GraphsError):
    """A file of vectors cannot be read.

    Args:
        path: the file.
        problem: what was expected and what was found.
        line: the line at fault, counted from 1, where the file has lines.
    """

    def __init__(self, path: Path, problem: str, *, line: int | None = None) -> None:
        super().__init__(f"{path}{'' if line is None else f':{line}'}: {problem}")
        self.path = path
        self.problem = problem
        self.line = line


class MissingLabels(GraphsError):
    """Labels that a taxonomy or a table of vectors does not know; the message names the first of them.

    Args:
        what: where they were looked for, such as ``WordNet's nouns``.
        missing: the labels, in the order of the label table.
        nearest: names that do exist and that the writer may have meant, best first.
        reasons: what a label lacks, where that is more than its name (``no vector for the word `xq```).
        hint: how to go on, in one sentence.
    """

    def __init__(
        self,
        what: str,
        missing: Sequence[str],
        *,
        nearest: Mapping[str, Sequence[str]] | None = None,
        reasons: Mapping[str, str] | None = None,
        hint: str = "",
    ) -> None:
        self.what = what
        self.missing = list(missing)
        self.nearest = {label: list(names) for label, names in (nearest or {}).items()}
        self.reasons = dict(reasons or {})
        super().__init__(self._text(hint))

    def _text(self, hint: str) -> str:
        count = len(self.missing)
        head = f"{count:,} label{'s are' if count > 1 else ' is'} not in {self.what}:"
        lines = [self._line(label) for label in self.missing[:SHOWN]]
        if count > SHOWN:
            lines.append(f"  and {count - SHOWN:,} more")
        return "\n".join([head, *lines, *([hint] if hint else [])])

    def _line(self, label: str) -> str:
        reason = f": {self.reasons[label]}" if label in self.reasons else ""
        names = ", ".join(f"`{name}`" for name in self.nearest.get(label, ()))
        return f"  `{label}`{reason}{f' (nearest: {names})' if names else ''}"


def first_of(things: Sequence[str]) -> str:
    """The first of some things, and how many more there are."""
    more = f" and {len(things) - SHOWN:,} more" if len(things) > SHOWN else ""
    return ", ".join(things[:SHOWN]) + more
