"""Which examples docs/architecture.md has, and what its command prints; ``test_commands.py`` runs them all."""

from __future__ import annotations

import re

import typer
from typer.testing import CliRunner

from tests.docs.pages import ROOT, fenced

PAGE = ROOT / "docs" / "architecture.md"


def test_there_is_one_of_every_kind() -> None:
    assert re.findall(r"^### … (.*)$", PAGE.read_text("utf-8"), re.MULTILINE) == [
        "a block",
        "a loss",
        "a metric",
        "a data source",
        "a stage",
        "a composite block",
        "a deviation",
        "a command",
    ]


def test_the_command_prints() -> None:
    (text,) = (block.text for block in fenced(PAGE) if block.title == "weights_command.py")
    names: dict[str, object] = {}
    exec(compile(text, "weights_command.py", "exec"), names)
    app = typer.Typer()
    app.command()(names["weights"])  # type: ignore[arg-type]
    result = CliRunner().invoke(app, ["zoo/starter.yaml"])
    assert result.exit_code == 0, result.output
    assert re.search(r"backbone +[\d,]+", result.output)
