"""Whether the run in a folder is of a spec, or of another."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.api.run_record import RunRecord, RunRecordError
from compose.errors import listed
from compose.spec.schema.document import ABOUT
from compose.training.storage.find_run import LOCK
from compose.training.storage.kept_blocks import kept_files, kept_hashes

if TYPE_CHECKING:
    from compose.spec.read import Spec

MOST = 3
"""How many values that differ a message names."""


def otherwise(folder: Path, spec: Spec, seed: int) -> str:
    """What is otherwise in the run of a folder than in a spec, in words; "" where nothing is.

    Args:
        folder: the folder of a run.
        spec: the spec.
        seed: the seed that it is trained with.
    """
    from compose.evaluation.comparison.measured_run import canonical
    from compose.training.storage.lock import lock_values

    record = RunRecord(folder)
    try:
        before, other_seed = record.computed, record.seed != seed
    except RunRecordError as error:
        return str(error)
    now = {key: value for key, value in lock_values(spec).items() if key not in (*ABOUT, "seed")}
    if canonical(before) != canonical(now):
        return listed(list(_differences(before, now, "")), most=MOST)
    if other_seed:
        return f"seed {record.seed}, not {seed}"
    kept = {*kept_hashes(folder / LOCK).values()}
    files = {sha256(file.content).hexdigest() for file in kept_files(spec.blocks)}
    return "" if kept == files else "the files of blocks"


def _differences(before: Any, now: Any, key: str) -> Iterator[str]:
    """The keys whose values differ."""
    if not isinstance(before, Mapping) or not isinstance(now, Mapping):
        if before != now:
            yield f"`{key}`"
        return
    for name in dict.fromkeys([*before, *now]):
        inner = f"{key}.{name}" if key else str(name)
        if name in before and name in now:
            yield from _differences(before[name], now[name], inner)
        else:
            yield f"`{inner}`"
