"""The command line as a whole: help, version, what is imported, how a command can end."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import typer

from compose import __version__
from compose.cli.app import PANELS, app
from compose.cli.failures import explain
from compose.cli.group import with_resume_value
from compose.errors import RunError, UsageError

COMMANDS = [name for commands in PANELS.values() for name in commands]


def test_help_lists_every_command(run: Any) -> None:
    result = run("--help")
    assert result.exit_code == 0
    assert all(f" {name} " in result.stdout for name in COMMANDS)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_and_option_is_documented(command: str, run: Any) -> None:
    result = run(command, "--help")
    assert result.exit_code == 0
    group: Any = typer.main.get_command(app)
    found = group.commands[command]
    assert found.help
    assert [param.name for param in found.params if not getattr(param, "help", None)] == []


def test_version(run: Any) -> None:
    assert run("--version").stdout == f"compose {__version__}\n"


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        (["trian"], "Did you mean 'train'?"),
        (["train", "small.yaml", "--devise", "cpu"], "--device"),
        (["validate"], "missing argument 'SPEC...'"),
        (["validate", "small.yaml", "--format", "xml"], "'xml' is not one of"),
        (["train", "small.yaml", "-s", "epochs"], "-s epochs: expected KEY=VALUE"),
        (["validate", "small.yaml", "--blocks", "mine.py"], "--blocks mine.py: there is no such file"),
    ],
)
def test_bad_usage(words: list[str], expected: str, run: Any) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert result.stdout == ""
    assert result.stderr.startswith("error: ")
    assert expected in result.stderr


@pytest.mark.parametrize(
    "words",
    [
        "--help",
        "--version",
        "validate --fast small.yaml",
        "validate --fast small.yaml --format json",
        "validate --fast zoo/starter.yaml",
        "list",
        "describe group_attention",
        "show --spec --origin --defaults small.yaml",
        "graph --no-shapes small.yaml -o small.svg",
        "new other.yaml",
    ],
)
def test_imports_nothing_heavy(words: str, spec: Path) -> None:
    program = f"""
import sys
from compose.cli.app import app
sys.argv = ["compose", *{words.split()!r}]
try:
    app(prog_name="compose")
except SystemExit as end:
    assert not end.code, end.code
heavy = {{"torch", "numpy", "torchvision", "matplotlib", "networkx", "nltk", "lightning_fabric"}}
assert not heavy & set(sys.modules), heavy & set(sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize(
    ("error", "code", "expected"),
    [
        (RunError("no space"), 1, "error: no space\n"),
        (UsageError("no such thing"), 2, "error: no such thing\n"),
        (KeyboardInterrupt(), 130, "stopped\n"),
        (typer.Abort(), 130, "stopped\n"),
        (MemoryError(), 1, "error: out of memory; a smaller batch needs less: -s train.main.batch=16\n"),
        (PermissionError(13, "Permission denied", "a.yaml"), 1, "error: a.yaml: permission denied\n"),
        (KeyError("x"), 1, "unexpected error: KeyError: 'x'; run again with --debug\n"),
    ],
)
def test_endings(error: BaseException, code: int, expected: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert explain(error, debug=False) == code
    assert capsys.readouterr().err == expected


def test_debug_shows_the_traceback_wherever_it_stands(run: Any) -> None:
    for words in (("--debug", "describe", "nothing_like_it"), ("describe", "nothing_like_it", "--debug")):
        result = run(*words)
        assert result.exit_code == 2
        assert "Traceback (most recent call last)" in result.stderr
    assert "Traceback" not in run("describe", "nothing_like_it").stderr


def test_resume_takes_a_value_or_none() -> None:
    assert with_resume_value(["train", "a.yaml", "--resume"]) == ["train", "a.yaml", "--resume", ""]
    assert with_resume_value(["train", "--resume", "-v", "x"]) == ["train", "--resume", "", "-v", "x"]
    assert with_resume_value(["train", "--resume", "runs/a"]) == ["train", "--resume", "runs/a"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["train", "small.yaml", "--out", ""], "argument 4, after `--out`, is empty"),
        (["train", "small.yaml", "--out="], "`--out=` has an empty value"),
        (["train", "small.yaml", "--resume", ""], "argument 4, after `--resume`, is empty"),
        (["train", "--resume", " "], "argument 3, after `--resume`, is empty"),
        (["predict", "", "x.png"], "argument 2 is empty"),
        (["validate", ""], "argument 2 is empty"),
    ],
)
def test_no_argument_is_empty(run: Any, words: list[str], told: str) -> None:
    result = run(*words)
    assert result.exit_code == 2
    assert result.stderr == f"error: {told}; is a variable of the shell not set?\n"
    assert not Path("runs").exists()


def test_colour_only_where_it_is_wanted(run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "\x1b" not in run("validate", "--fast", "small.yaml").stdout
    monkeypatch.setenv("FORCE_COLOR", "1")
    assert "\x1b[32msmall.yaml" in run("validate", "--fast", "small.yaml").stdout
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b[32m" not in run("validate", "--fast", "small.yaml").stdout


def test_a_reader_that_goes_away_is_no_error(spec: Path) -> None:
    command = [sys.executable, "-m", "compose", "list"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        said = process.stderr.read()
    assert said == ""


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        ("compose sh", ["show"]),
        ("compose train sm", ["small.yaml"]),
        ("compose train zoo/star", ["zoo/starter.yaml"]),
        ("compose train small.yaml -v ", ["no-attention", "three"]),
        ("compose validate small.yaml -v t", ["three"]),
        ("compose describe group_", ["group_attention", "group_norm"]),
        ("compose list lo", ["losses"]),
    ],
)
def test_completion(words: str, offered: list[str], run: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("_COMPOSE_COMPLETE", "complete_bash")
    monkeypatch.setenv("COMP_WORDS", words)
    monkeypatch.setenv("COMP_CWORD", str(words.count(" ")))
    assert run().stdout.split() == offered


@pytest.mark.parametrize("closed", ["1", "2"])
def test_a_closed_stream_is_no_mistake(closed: str) -> None:
    command = f"{sys.executable} -m compose list blocks {closed}>&-"
    assert subprocess.run(command, shell=True, capture_output=True).returncode == 0


def test_ends_after_threads_and_exit_handlers() -> None:
    program = """
import atexit, sys, threading, time
from compose.cli import end_process
atexit.register(lambda: print("handled"))
threading.Thread(target=lambda: (time.sleep(0.2), print("worked"))).start()
end_process(3)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (3, "worked\nhandled\n")
