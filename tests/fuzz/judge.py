"""Whether ``validate`` does with a spec what it promises: accepts it, or says at its place what is wrong."""

from __future__ import annotations

import io
import json
import resource
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path

import compose
from compose.errors import SpecError, UsageError, render
from tests.fuzz.specs import Case

MOST_SECONDS = 5.0
"""Of the processor: other processes may be at work."""
LIBRARIES = 1 << 30
"""Bytes that a process holds that has imported all there is."""
MOST_BYTES = 2 << 30
NO_TEXT = ("no-such-file",)
"""Codes of mistakes in which there is no text to point at."""


@dataclass(frozen=True)
class Verdict:
    """What came of a case.

    Args:
        accepted: whether it validates.
        failure: in what ``validate`` broke its promise; "" for nothing.
        codes: the codes of the errors.
        seconds: what it cost.
    """

    accepted: bool
    failure: str = ""
    codes: Counter[str] = field(default_factory=Counter)
    seconds: float = 0.0


def judge(case: Case) -> Verdict:
    """Validate a case."""
    start, most, others, printed = time.process_time(), _peak(), _held_by_others(), io.StringIO()
    codes: Counter[str] = Counter()
    failures: list[str] = []
    accepted = False
    with warnings.catch_warnings(), redirect_stderr(printed), redirect_stdout(printed):
        warnings.simplefilter("ignore")
        try:
            found = compose.validate(case.text + "\n", overrides=case.overrides)
            accepted = bool(found)
            codes = Counter(error.code for error in found.errors)
            failures += [wrong for error in found.errors for wrong in _wrong(error)]
            json.dumps(found.to_json())
            repr(found)
        except UsageError as error:
            codes = Counter(["usage"])
            failures += [] if case.overrides and str(error).strip() else [f"UsageError: {error}"]
        except BaseException as error:
            failures.append(_told(error))
    seconds = time.process_time() - start
    if "Traceback" in printed.getvalue():
        failures.append("a traceback was printed")
    if seconds > MOST_SECONDS:
        failures.append(f"slow: more than {MOST_SECONDS:.0f} s")
    if _peak() > max(most, MOST_BYTES + others):
        failures.append("memory: more than 2 GiB")
    return Verdict(accepted, failures[0] if failures else "", codes, seconds)


def _peak() -> int:
    """The bytes of memory that this process has had at once so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _held_by_others() -> int:
    """The bytes that this process holds of what came before, such as other tests, beyond its libraries."""
    statistics = Path("/proc/self/statm")
    if not statistics.exists():
        return 0
    return max(0, int(statistics.read_text().split()[1]) * resource.getpagesize() - LIBRARIES)


def _wrong(error: SpecError) -> Iterator[str]:
    """What a message lacks."""
    shown = render(error)
    if not error.message.strip():
        yield f"{error.code}: no message"
    if error.place is None and error.code not in NO_TEXT:
        yield f"{error.code}: no place"
    if error.place is not None and not 1 <= error.place.line <= max(1, len(error.place.document.lines)):
        yield f"{error.code}: the place is outside the text"
    if "Error:" in error.message or "Traceback" in shown:
        yield f"{error.code}: Python's words in a message: {error.message}"


def _told(error: BaseException) -> str:
    last = traceback.extract_tb(error.__traceback__)[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno} in {last.name}"
