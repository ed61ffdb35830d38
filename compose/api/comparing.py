"""What :func:`compose.compare` does: find the runs, read what each says, and put them beside one another."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.api.reading import check_choice
from compose.api.run_record import RunRecord, RunRecordError, figures_of, title_of, values_of
from compose.api.stored_run import RunLike, StoredRun
from compose.errors import ComposeError, UsageError
from compose.training.storage.find_run import LOCK, ROOT, find_run, runs_below

if TYPE_CHECKING:
    from compose.evaluation.comparison.comparison import Comparison
    from compose.evaluation.comparison.comparison_cells import PrintedChoice
    from compose.evaluation.comparison.measured_run import MeasuredRun


def compare_runs(
    named: Sequence[RunLike | StoredRun], *, variants: Collection[str], metrics: Collection[str], printed: PrintedChoice
) -> Comparison:
    """See :func:`compose.compare`."""
    from compose.evaluation.comparison.compared import compared

    check_choice("printed", printed, ("own", "all", "none"))
    folders, skipped = _folders(named, variants)
    runs = []
    for folder in folders:
        try:
            runs.append(_measured(RunRecord(folder)))
        except RunRecordError as error:
            skipped.append(f"{folder} is left out: {error}")
    if not runs:
        raise UsageError("\n".join(["there is no run to compare", *skipped]))
    return compared(
        _with_parameters(_of_test(runs)),
        metrics=metrics,
        printed=printed,
        papers=_papers(runs),
        skipped=skipped,
    )


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
        below = runs_below(path)
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


def _measured(record: RunRecord) -> MeasuredRun:
    """What is compared of a run.

    Raises:
        RunRecordError: it cannot be compared.
    """
    from compose.evaluation.comparison.measured_run import MeasuredRun as Measured

    values, result = record.values, record.result
    seconds, parameters = record.report.get("seconds"), record.report.get("parameters")
    return Measured(
        folder=str(record.folder),
        name=record.name,
        changes=None if Path(record.spec).name == LOCK else record.changes,
        seed=record.seed,
        begun=record.begun,
        result=result,
        spec=record.computed,
        data=_data(record.folder, values["data"]),
        figures=_figures(record),
        seconds=seconds if isinstance(seconds, int | float) else None,
        parameters=parameters if isinstance(parameters, int) else None,
        version=record.version,
    )


def _figures(record: RunRecord) -> Mapping[str, Any]:
    """What its paper prints; of a packaged spec as this edition states it, and not as that of the run did."""
    from compose.spec.layers.resolve import resolve
    from compose.spec.layers.spec_files import zoo_names

    if record.spec not in zoo_names():
        return record.figures
    now = values_of(resolve(record.spec).tree)
    return figures_of(now) if title_of(now) == title_of(record.values) else record.figures


def _data(folder: Path, section: Mapping[str, Any]) -> dict[str, Any]:
    """The parameters of a run's data with their defaults; of files what they hold, in place of where they lie."""
    from compose.registry.registry import registry

    declared = registry().find("data", str(section.get("use")))
    found, content = dict(section), _content(folder)
    for parameter in declared.parameters if declared else ():
        is_file = parameter.may_change == "path" and not isinstance(found.get(parameter.name), dict | list)
        if parameter.may_change == "any" or (is_file and content):
            found.pop(parameter.name, None)
        elif not parameter.required:
            found.setdefault(parameter.name, parameter.default)
    del found["use"]  # the protocol has it
    return {**found, "files": content} if content else found


def _content(folder: Path) -> str:
    """A digest of what the files of a run's data hold; "" where parameters alone decide."""
    from compose.training.storage.data_record import DataRecord
    from compose.training.storage.run_folder import RunFolder

    record = DataRecord.read(RunFolder(folder).data)
    return record.content[:12] if record else ""


def _of_test(runs: Iterable[MeasuredRun]) -> list[MeasuredRun]:
    """The runs with those parameters of their data alone that decide what was measured."""
    from compose.evaluation.comparison.measured_run import canonical

    by_source: dict[str, list[MeasuredRun]] = defaultdict(list)
    for run in runs:
        by_source[_source(run)].append(run)
    found: list[MeasuredRun] = []
    for same in by_source.values():
        differ = len({canonical(run.data) for run in same}) > 1
        found += [replace(run, data=_measuring(run)) for run in same] if differ else same
    return found


def _measuring(run: MeasuredRun) -> dict[str, Any]:
    """The parameters of a run's data that decide what its split shows and is asked for."""
    from compose.data.source import SPLITS, DataSource
    from compose.registry.registry import registry

    name = _source(run)
    source = registry().load("data", name) if registry().find("data", name) else DataSource
    assert issubclass(source, DataSource)
    splits = {task.protocol.to_json()["split"] for task in run.result.tasks.values()}
    left = {*SPLITS} - splits | {*source.beside_test}
    return {key: value for key, value in run.data.items() if key not in left}


def _source(run: MeasuredRun) -> str:
    """The data source that a run was measured on."""
    return next(str(task.protocol.to_json()["data"]) for task in run.result.tasks.values())


def _with_parameters(runs: Sequence[MeasuredRun]) -> Iterator[MeasuredRun]:
    """The runs with the numbers of their models' parameters, which older reports do not tell; counted once a spec."""
    from compose.evaluation.comparison.measured_run import canonical

    counted: dict[str, int | None] = {}
    for run in runs:
        spec = canonical(run.spec)
        if run.parameters is None and spec not in counted:
            counted[spec] = _count(run.folder)
        yield run if run.parameters is not None else replace(run, parameters=counted[spec])


def _count(folder: str) -> int | None:
    """The parameters of a run's model; None where it can be built no more."""
    from compose.api.run import Run

    try:
        return sum(parameter.numel() for parameter in Run(folder, device="cpu").model.parameters())
    except ComposeError:
        return None


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
