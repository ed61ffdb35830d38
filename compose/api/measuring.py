"""What a comparison reads of runs: what each reached, on what, and by how many parameters."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from compose.api.run_record import RunRecord, RunRecordError, figures_of, title_of, values_of
from compose.errors import ComposeError
from compose.training.storage.find_run import LOCK

if TYPE_CHECKING:
    from compose.evaluation.comparison.measured_run import MeasuredRun


def measured_runs(records: Iterable[RunRecord]) -> tuple[dict[Path, MeasuredRun], list[str]]:
    """What is compared of each run, by its folder; and which cannot be compared, and why.

    Args:
        records: the runs.
    """
    runs, skipped = [], []
    for record in records:
        try:
            runs.append(measured(record))
        except RunRecordError as error:
            skipped.append(f"{record.folder} is left out: {error}")
    return {Path(run.folder): run for run in _with_parameters(_of_test(runs))}, skipped


def measured(record: RunRecord) -> MeasuredRun:
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
        blocks=record.blocks,
        data=_data(record.data_folder, values["data"]),
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
