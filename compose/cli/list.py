"""``compose list``: what a spec may name, and ``compose list runs``: what was trained."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from compose.cli.options import AsJson, BlockFiles

if TYPE_CHECKING:
    from compose.block import Kind

PLURALS: dict[str, Kind] = {
    "blocks": "block",
    "composites": "composite",
    "losses": "loss",
    "metrics": "metric",
    "data": "data",
    "vectors": "vectors",
    "graphs": "graph",
    "stages": "stage",
    "optimizers": "optimizer",
    "schedules": "schedule",
    "sections": "section",
}
"""The word for a kind on the command line -> the kind."""

WHERE = {
    "blocks": "model: {NODE: {use: ...}}",
    "composites": "model: {NODE: {use: ...}}, blocks written in YAML",
    "losses": "loss: {TERM: {use: ...}}",
    "metrics": "evaluate: {metrics: [...]}",
    "data": "data: {use: ...}",
    "vectors": "labels: {vectors: {use: ...}}",
    "graphs": "labels: {graph: {use: ...}}",
    "stages": "train: {main: {stage: ...}}",
    "optimizers": "train: {main: {optimizer: {use: ...}}}",
    "schedules": "train: {main: {schedule: {use: ...}}}",
    "sections": "at the top of a spec",
    "inputs": "in: ...",
    "zoo": "compose train ...",
    "tables": "compose sweep ..., compose compare ...",
}
"""The word for a kind -> where a spec names it."""


RUNS = "runs"
"""The word for runs, which no spec names."""


def list_names(
    what: Annotated[
        str | None,
        typer.Argument(
            metavar=f"[{'|'.join((*WHERE, RUNS))}]",
            help="One kind, or the runs; all kinds where none is named.",
            autocompletion=lambda incomplete: [word for word in (*WHERE, RUNS) if word.startswith(incomplete)],
            show_default=False,
        ),
    ] = None,
    folder: Annotated[
        Path | None,
        typer.Argument(metavar="[FOLDER]", help="Of runs: where they lie; runs/ where not given.", show_default=False),
    ] = None,
    blocks: BlockFiles = None,
    as_json: AsJson = False,
) -> None:
    """List the blocks, losses, data ... that a spec may use, and the packaged specs; or the runs and their states."""
    from compose.cli.console import echo_json, note
    from compose.cli.many_runs.list_runs import list_runs
    from compose.cli.specs import use_blocks
    from compose.errors import UsageError
    from compose.registry.registry import registry

    if what in (RUNS, RUNS.removesuffix("s")):
        list_runs(folder, as_json=as_json)
        return
    if folder is not None:
        raise UsageError(f"`compose list {what}` takes no folder; `compose list runs {folder}` lists its runs")
    use_blocks(blocks)
    for text in registry().left_out():
        note(text)
    found = {word: summaries(word) for word in ([kind_word(what)] if what else WHERE)}
    if as_json:
        echo_json(found, indent=2)
        return
    _print(found)


def kind_word(word: str) -> str:
    """A kind's word, from it or its singular.

    Raises:
        UsageError: there is no such kind.
    """
    from compose.errors import UsageError, nearest

    singular: dict[str, str] = {kind: plural for plural, kind in PLURALS.items()}
    known = {**singular, **dict(zip(WHERE, WHERE, strict=True)), "input": "inputs", "table": "tables"}
    if word in known:
        return known[word]
    close = nearest(word, (*WHERE, RUNS))
    meant = f"did you mean `{close}`? " if close else ""
    raise UsageError(f"there is no kind `{word}`; {meant}expected one of {', '.join((*WHERE, RUNS))}")


def summaries(word: str) -> dict[str, str]:
    """Name -> one line, for everything of a kind."""
    if word == "zoo":
        return zoo_summaries()
    if word == "tables":
        return table_summaries()
    if word == "inputs":
        from compose.spec.wiring.reserved import RESERVED

        return {s.name: f"{s.doc} ({' '.join(s.dims)})" for s in RESERVED.values()}
    from compose.registry.registry import registry

    return {d.name: d.summary.replace("``", "`") for d in registry().all() if d.kind == PLURALS[word]}


def zoo_summaries() -> dict[str, str]:
    """The packaged specs, each with its description or its paper."""
    from compose.spec.layers.spec_files import zoo_names

    return {name: spec_line(name) for name in zoo_names()}


def table_summaries() -> dict[str, str]:
    """The packaged tables, each with its title and what it needs."""
    from compose.spec.layers.spec_files import table_names
    from compose.spec.layers.table_file import read_table

    found = {}
    for name in table_names():
        table = read_table(name)
        found[name] = "; ".join(filter(None, [table.title, f"needs {table.needs}" if table.needs else ""]))
    return found


def spec_line(name: str) -> str:
    """A spec in one line: its description or its paper, and how many variants and sweeps it offers."""
    from compose.errors import ComposeError
    from compose.spec.layers.resolve import resolve
    from compose.spec.yaml.tree import plain

    try:
        resolved = resolve(name)
    except ComposeError as error:
        return f"cannot be read: {str(error).splitlines()[0]}"
    values: Any = plain(resolved.tree)
    paper = values.get("paper") or {}
    cited = ", ".join(str(paper[key]) for key in ("title", "venue") if paper.get(key))
    text = values.get("description") or cited
    counts = {"variant": len(resolved.variants), "sweep": len(resolved.sweeps)}
    offered = ", ".join(f"{count} {word}{'s' if count != 1 else ''}" for word, count in counts.items() if count)
    return "; ".join(part for part in (" ".join(str(text).split()), offered) if part)


def _print(found: dict[str, dict[str, str]]) -> None:
    from rich.text import Text

    from compose.cli.console import echo, out, table

    shown = [(word, names) for word, names in found.items() if names or len(found) == 1]
    for index, (word, names) in enumerate(shown):
        if len(found) > 1:
            out().print(Text.assemble("\n" if index else "", (word, "bold cyan"), (f"  {WHERE[word]}", "dim")))
        table((), list(names.items()), indent=2 if len(found) > 1 else 0)
    if len(found) > 1:
        echo("\ncompose describe NAME says more of each.", style="dim")
