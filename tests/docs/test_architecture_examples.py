"""Every example of docs/architecture.md: its files are written, its commands run."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

TEXT = (Path(__file__).parents[2] / "docs" / "architecture.md").read_text("utf-8")
FENCE = re.compile(r"^```(\w+)(?: title=(\S+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Example:
    """A section `… a block`: its files by name, and its commands."""

    name: str
    files: dict[str, str]
    commands: list[str]


def examples() -> list[Example]:
    found = []
    for section in re.split(r"^### … ", TEXT, flags=re.MULTILINE)[1:]:
        blocks = FENCE.findall(section)
        files = {title: body for _, title, body in blocks if title}
        commands = [line for kind, _, body in blocks if kind == "sh" for line in body.splitlines()]
        found.append(Example(section.splitlines()[0].strip(), files, commands))
    return found


EXAMPLES = examples()


def test_there_is_one_of_every_kind() -> None:
    assert [example.name for example in EXAMPLES] == [
        "a block",
        "a loss",
        "a metric",
        "a data source",
        "a stage",
        "a composite block",
        "a deviation",
        "a command",
    ]


@pytest.mark.parametrize(
    "example", [example for example in EXAMPLES if example.commands], ids=lambda example: example.name
)
def test_it_runs_as_it_stands(example: Example, tmp_path: Path) -> None:
    for name, text in example.files.items():
        (tmp_path / name).write_text(text, "utf-8")
    for line in example.commands:
        program, *words = shlex.split(line)
        command = [str(Path(sys.executable).with_name(program)), *words]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}\n{done.stderr}"


def test_the_command_prints() -> None:
    (example,) = (example for example in EXAMPLES if example.name == "a command")
    (text,) = example.files.values()
    names: dict[str, object] = {}
    exec(compile(text, "weights_command.py", "exec"), names)
    app = typer.Typer()
    app.command()(names["weights"])  # type: ignore[arg-type]
    result = CliRunner().invoke(app, ["zoo/starter.yaml"])
    assert result.exit_code == 0, result.output
    assert re.search(r"backbone +[\d,]+", result.output)
