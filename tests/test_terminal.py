"""The console obeys nothing that stands in a text, and it is the only one that the project has."""

from __future__ import annotations

import ast
from io import StringIO

import pytest
from rich.panel import Panel
from rich.progress import Progress, TextColumn
from rich.table import Table

from compose.terminal import Terminal, plain_text
from tools.rooms import ROOT, modules

HOSTILE = "[red]cat[/red] :smile: [link=http://x]y[/link] \x1b[31m\x1b]0;t\x07\x9b2J\r\x00\u202e\u200b"
SHOWN = "[red]cat[/red] :smile: [link=http://x]y[/link] \\x1b[31m\\x1b]0;t\\x07\\x9b2J\\r\\x00\\u202e\\u200b"


def _table() -> Table:
    table = Table(HOSTILE, title=HOSTILE)
    table.add_row(HOSTILE)
    return table


@pytest.mark.parametrize("made", [lambda: HOSTILE, lambda: plain_text(HOSTILE), lambda: Panel(HOSTILE), _table])
def test_every_way_to_print_shows_the_text_as_it_is(made: object) -> None:
    file = StringIO()
    Terminal(file=file, width=400).print(made())  # type: ignore[operator]
    assert SHOWN in file.getvalue()
    assert all(char.isprintable() or char == "\n" for char in file.getvalue())


def test_a_progress_bar_and_a_status_show_the_text_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    file = StringIO()
    console = Terminal(file=file, width=400)
    with Progress(TextColumn("{task.description}", markup=False), console=console) as progress:
        progress.add_task(HOSTILE, total=1)
    assert SHOWN[:55] in file.getvalue()
    assert all(char.isprintable() or char == "\n" for char in file.getvalue())
    assert console.status(HOSTILE).status.plain == SHOWN  # type: ignore[union-attr]


def test_nothing_prints_past_the_console() -> None:
    """``print``, ``rich.print`` and consoles of rich would send what stands in a spec, and obey ``[red]``."""
    allowed = {"compose.terminal": {"Console"}, "compose.cli.console": {"print"}}
    found = []
    for name, path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            match node:
                case ast.Call(func=ast.Name(id="print" | "Console" as called)):
                    pass
                case ast.Attribute(attr="from_markup" | "from_ansi" as called):
                    pass
                case ast.Attribute(value=ast.Name(id="sys"), attr="stdout" | "stderr" as called):
                    called = called if _writes(path.read_text("utf-8"), called) else ""
                case ast.ClassDef(bases=[ast.Name(id="Console")]):
                    called = "Console"
                case _:
                    continue
            if called and called not in allowed.get(name, ()):
                found.append(f"{path.relative_to(ROOT)}:{node.lineno} {called}")
    assert found == []


def test_json_of_users_texts_is_written_by_one_function() -> None:
    allowed = {"compose.shown", "compose.evaluation.label_protocol", "compose.data.vectors.label_division"}
    raw = {name for name, path in modules() if "ensure_ascii=False" in path.read_text("utf-8")}
    assert raw <= allowed, "the others make a digest and a message of it"


def _writes(source: str, stream: str) -> bool:
    return f"sys.{stream}.write" in source or f"file=sys.{stream}" in source


def test_no_text_in_the_code_is_markup() -> None:
    """A ``[bold]`` in the code would be printed as it stands."""
    tags = ("[bold", "[dim]", "[red]", "[green]", "[/]", "[/bold]", "[yellow]")
    strings = [
        (path, node)
        for _, path in modules()
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    ]
    docs = [(path, node.lineno) for path, node in strings if any(tag in node.value for tag in tags)]
    assert [place for place in docs if place[0].name != "terminal.py"] == []
