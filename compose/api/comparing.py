"""What :func:`compose.compare` does: find the runs, read what each says, and put them beside one another."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.api.evaluated_record import record_of, results_below
from compose.api.measuring import measured_runs
from compose.api.reading import Files, Overrides, check_choice, override_texts
from compose.api.run_record import RunRecord, RunRecordError, figures_of, values_of
from compose.api.stored_run import RunLike, StoredRun
from compose.errors import UsageError, listed
from compose.spec.layers.table_file import is_table
from compose.training.storage.find_run import LOCK, ROOT, find_run, runs_below

if TYPE_CHECKING:
    from compose.api.tables.table_grid import TableGrid
    from compose.evaluation.comparison.comparison import Comparison
    from compose.evaluation.comparison.comparison_cells import PrintedChoice
    from compose.evaluation.comparison.measured_run import MeasuredRun


def compare_runs(
    named: Sequence[RunLike | StoredRun],
    *,
    variants: Collection[str],
    overrides: Overrides = (),
    blocks: Files = (),
    metrics: Collection[str],
    printed: PrintedChoice,
) -> Comparison:
    """See :func:`compose.compare`."""
    from compose.api.tables.table_comparison import compare_table
    from compose.evaluation.comparison.compared import compared

    check_choice("printed", printed, ("own", "all", "none"))
    if any(is_named_table(one) for one in named):
        table, below = _table_of(named, variants, overrides, blocks)
        return compare_table(table, below, metrics=metrics, printed=printed)
    if override_texts(overrides):
        raise UsageError("-s: what is set in the rows of a table; expected a table among what is compared")
    folders, skipped = _folders(named, variants)
    found, unmeasured = measured_runs(map(record_of, folders))
    runs, skipped = list(found.values()), [*skipped, *unmeasured]
    if not runs:
        raise UsageError("\n".join(["there is no run to compare", *skipped]))
    return compared(
        runs,
        metrics=metrics,
        printed=printed,
        papers=_papers(runs),
        skipped=skipped,
    )


def is_named_table(one: object) -> bool:
    """Whether an argument names a table file."""
    if not isinstance(one, str | PathLike):
        return False
    path = Path(fspath(one))
    return path.suffix in (".yaml", ".yml") and path.name != LOCK and is_table(str(path))


def _table_of(
    named: Sequence[RunLike | StoredRun], variants: Collection[str], overrides: Overrides, blocks: Files
) -> tuple[TableGrid, list[Path]]:
    """The table that is named, and the folders of the runs beside it, or its own.

    Raises:
        SpecErrors: the table or a spec of its has a mistake.
        UsageError: there are several tables, or there is no such run.
    """
    from compose.api.tables.table_grid import begin_table

    tables = [str(one) for one in named if is_named_table(one)]
    if len(tables) > 1:
        raise UsageError(f"expected one table, got {listed(tables)}")
    grid, _ = begin_table(tables[0], variants=variants, overrides=overrides, blocks=blocks)
    rest = [one for one in named if not is_named_table(one)]
    return grid, _folders(rest, ())[0] if rest else [grid.folder]


def _folders(named: Sequence[RunLike | StoredRun], variants: Collection[str]) -> tuple[list[Path], list[str]]:
    """The folders of the runs, each once; and what is none.

    Raises:
        UsageError: nothing is named, or there is no such file, or a spec has no runs.
    """
    if not named:
        raise UsageError("expected runs or specs to compare; `compose list runs` shows the runs there are")
    found: dict[Path, Path] = {}
    skipped: list[str] = []
    for one in named:
        for folder in _of_one(one, variants, skipped):
            found[folder.resolve()] = min(found.get(folder.resolve(), folder), folder, key=str)
    return list(found.values()), skipped


def _of_one(one: RunLike | StoredRun, variants: Collection[str], skipped: list[str]) -> Iterator[Path]:
    """The runs that one argument names: a run, all runs of a folder, or all of a spec."""
    if not isinstance(one, str | PathLike):
        yield one.folder
        return
    path = Path(fspath(one))
    if path.suffix in (".yaml", ".yml") and path.name != LOCK:
        yield from _of_spec(str(path), variants)
    elif path.is_dir() and not (path / LOCK).is_file():
        below = results_below(path)
        skipped += [] if below else [f"{path} is left out: it is no run, and there is none in it"]
        yield from below
    elif path.exists() and path.suffix != ".safetensors" and path.name != LOCK and not path.is_dir():
        skipped.append(f"{path} is left out: it is no run")
    else:
        yield find_run(path).folder


def _of_spec(spec: str, variants: Collection[str]) -> list[Path]:
    """The runs of a spec in the usual folder.

    Args:
        spec: its name.
        variants: only runs that were made with one of these; all where none is named.

    Raises:
        SpecErrors: the spec cannot be read, or has no such variant.
        UsageError: it has no run.
    """
    from compose.spec.layers.resolve import resolve

    name = resolve(spec).name
    for variant in variants:
        resolve(spec, variants=[variant])  # tells of one that there is not
    found = [folder for folder in runs_below(ROOT) if _is_of(RunRecord(folder), name, variants)]
    if not found:
        made = f" with the variant {' or '.join(variants)}" if variants else ""
        raise UsageError(f"there is no run of `{name}`{made} in {ROOT}/; `compose train` makes one")
    return found


def _is_of(record: RunRecord, name: str, variants: Collection[str]) -> bool:
    try:
        return record.name == name and (not variants or bool({*variants} & {*record.changes}))
    except RunRecordError:
        return False


def _papers(runs: Sequence[MeasuredRun]) -> dict[str, Mapping[str, Any]]:
    """``paper.figures`` of the packaged specs whose tables the figures of the compared ones are from."""
    from compose.spec.layers.resolve import resolve
    from compose.spec.layers.spec_files import zoo_names

    named = {str(key) for run in runs for key in run.figures}
    found = {}
    for name in zoo_names():
        if Path(name).stem in named:
            found[Path(name).stem] = figures_of(values_of(resolve(name).tree))
    return found
