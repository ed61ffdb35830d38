"""What a comparison tells below its tables."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence

from compose.errors import listed
from compose.evaluation.comparison.columns import Column, OwnProtocol, PrintedProtocol
from compose.evaluation.comparison.comparison import Block, Row
from compose.evaluation.comparison.measured_run import MeasuredRun
from compose.evaluation.comparison.printed_figures import PrintedFigure
from compose.evaluation.comparison.seeded_runs import SeededRuns


def unmeasured(run: MeasuredRun) -> Iterator[str]:
    """What a run has no value of, and why."""
    for task, why in run.result.unmeasured.items():
        yield f"{run.folder}: {task} is not measured: {why}"
    for task, found in run.result.tasks.items():
        for key, why in found.undefined.items():
            yield f"{run.folder}: {task} has no {found.titles.get(key, key)}: {why}"


def of_versions(models: Sequence[SeededRuns]) -> list[str]:
    """A note where several versions made the runs."""
    found: dict[str, list[str]] = defaultdict(list)
    for model in models:
        for version in sorted({run.version for run in model.runs} - {""}):
            found[version].append(model.label)
    told = "; ".join(f"compose {version}: {listed(labels)}" for version, labels in sorted(found.items()))
    return [f"several versions made the runs: {told}"] if len(found) > 1 else []


def left_out(left: Sequence[PrintedFigure]) -> list[str]:
    """How many printed rows are not shown."""
    found: dict[str, set[tuple[str, str]]] = defaultdict(set)
    for figure in left:
        found[figure.paper].add((figure.table, figure.row))
    return [
        f"{len(rows)} other printed {'rows' if rows - {next(iter(rows))} else 'row'} of {paper} "
        f"({listed(sorted({table for table, _ in rows if table}))}) left out; --printed all shows them"
        for paper, rows in sorted(found.items())
    ]  # fmt: skip


def of_one_seed(rows: Sequence[Row], found: Sequence[Block]) -> list[str]:
    """Which models have no interval."""
    shown = (rows[row] for block in found for row in block.rows)
    single = dict.fromkeys(row.label for row in shown if len(row.seeds) == 1)
    return [f"one seed, and so no interval: {listed(list(single), most=20)}"] if single else []


def printed_apart(columns: Sequence[Column]) -> list[str]:
    """Why printed figures share no column with ours."""
    ours = dict.fromkeys(
        f"{fields['data']} {fields['split']}".strip()
        for column in columns
        if isinstance(column.protocol, OwnProtocol)
        for fields in [column.protocol.protocol.to_json()]
    )
    found: dict[str, PrintedProtocol] = {}
    for column in columns:
        if isinstance(column.protocol, PrintedProtocol):
            found.setdefault(column.identity, column.protocol)
    told = [f"{protocol.title}: {protocol.line()}" for protocol in found.values()]
    apart = f"printed figures share no column with ours, which are measured on {listed(list(ours))}"
    return [*told, apart] if told and ours else told
