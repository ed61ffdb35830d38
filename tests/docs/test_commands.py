"""Every command and every block of YAML and Python in README and ``docs/`` runs.

A page is run from top to bottom in a folder with small made-up files of the user's. What trains does so at toy size, by
settings that are added to those of the page; the runs of a sweep train in this process, ``torchrun`` starts one or
two. A ``console`` block shows what its command prints, numbers aside. The chart of attention modules, which takes
longer than such a run, is drawn for the single runs of README alone.
"""

from __future__ import annotations

import json
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from matplotlib.figure import Figure
from typer.core import TyperGroup
from typer.main import get_command
from typer.testing import CliRunner

import compose
from compose.cli.app import app
from compose.drawing.usage import usage_chart
from compose.sweeping import run_children
from compose.sweeping.child_run import COMPOSE, Ending
from tests.docs.made_up_files import make_files
from tests.docs.page_run import PageRun
from tests.docs.pages import ROOT, commands, fenced, pages
from tests.docs.toy_size import toy_size

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]


def target_exists(line: str) -> None:
    """Of ``make``: the Makefile has the target. It would make a virtual environment and download PyTorch."""
    target = shlex.split(line, comments=True)[1]
    assert f"\n{target}:" in (ROOT / "Makefile").read_text("utf-8")


def extras_exist(line: str) -> None:
    """Of ``pip install``: the project has the extras, and the files are there. It would download packages."""
    *_, what = words = shlex.split(line, comments=True)
    assert all((ROOT / name).is_file() for option, name in pairwise(words) if option == "-c")
    named = re.fullmatch(r"(.+?)(?:\[(.*)\])?", what)
    assert named is not None
    assert named[1] in (".", PROJECT["name"])
    assert {*(named[2] or "").split(",")} - {""} <= {*PROJECT["optional-dependencies"]}


def module_helps(line: str) -> None:
    """Of a benchmark, which measures for minutes or hours: it is there. Its own test runs it small."""
    name = re.search(r"-m (benchmarks\.\w+)", line)
    assert name is not None
    assert (ROOT / name[1].replace(".", "/")).with_suffix(".py").is_file()


def known_program(line: str) -> None:
    """Of what is not ours: nothing. Python's ``venv``, ``git clone``, and TensorBoard, which would go on for ever."""


ELSEWHERE: Mapping[str, Callable[[str], None]] = {
    r"make \w+": target_exists,
    r"pip install ": extras_exist,
    r"python3 -m venv ": known_program,
    r"git clone ": known_program,
    r"tensorboard --logdir ": known_program,
    r"python -m benchmarks\.": module_helps,
    r"torchrun .* -m benchmarks\.": module_helps,
}
"""Lines that are not run, and what is looked at instead."""


MINE = (
    "name=mine",
    "data.size=32",
    "model.backbone.channels=[8,8,8,8]",
    "model.pyramid.level_channels=[8,8]",
)
"""What makes the user's ``mine.yaml`` another spec than the starter, which learns more than it has to here."""


def no_figure(found: object, title: str) -> Figure:
    """In place of the chart of attention modules."""
    return Figure()


class TrainedHere:
    """In place of the process that trains a run of a sweep: the same command in this process."""

    def __init__(
        self, command: Sequence[str], tell: Callable[[str | None], None], environment: Mapping[str, str]
    ) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(usage_chart, "_figure", no_figure)
            result = CliRunner().invoke(app, list(command[len(COMPOSE) :]), prog_name="compose")
        self._ending = Ending(result.exit_code, "" if result.exit_code == 0 else result.output)
        tell(None)

    def ending(self) -> Ending:
        return self._ending

    def interrupt(self) -> None: ...

    def kill(self) -> None: ...


@pytest.fixture(scope="module")
def made_up(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's files."""
    folder = tmp_path_factory.mktemp("files")
    make_files(folder)
    return folder


@pytest.fixture(scope="module")
def done() -> dict[str, list[Path]]:
    """What earlier pages have run."""
    return {}


@pytest.fixture
def page_run(
    made_up: Path, done: dict[str, list[Path]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[Path], PageRun]:
    """A page -> it, run in a folder with the user's files."""

    def run(page: Path) -> PageRun:
        for path in made_up.iterdir():
            (tmp_path / path.name).symlink_to(path)
        lines = [command.line for block in fenced(page) if block.kind == "sh" for command in commands(block)]
        if not any(line.startswith("compose new mine.yaml") for line in lines):
            mine = compose.load("zoo/starter.yaml", overrides=[*toy_size(["train", "zoo/starter.yaml"])[1::2], *MINE])
            Path("mine.yaml").write_text(json.dumps(mine.spec.values))
        if page.name != "README.md":
            monkeypatch.setattr(usage_chart, "_figure", no_figure)
        found = PageRun(tmp_path, ELSEWHERE, done)
        found.run(page)
        return found

    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(run_children, "ChildRun", TrainedHere)
    for name in ("FORCE_COLOR", "NO_COLOR", "TTY_COMPATIBLE"):
        monkeypatch.delenv(name, raising=False)
    return run


every_page = pytest.mark.parametrize("page", pages(), ids=lambda page: str(page.relative_to(ROOT)))


@every_page
def test_all_of_a_page_runs(page: Path, page_run: Callable[[Path], PageRun]) -> None:
    failures = page_run(page).failures
    assert not failures, "\n\n".join(failures)


MISTAKES = """
```sh
compose describe group_atention
compose list blocks --jsn
frobnicate pictures/
```

```console
$ compose describe max_similarity
max_similarity (loss)
```

<!-- over zoo/starter.yaml -->
```yaml
loss: {rank: {use: ranknet, in: nowhere}}
```

```python
import compose

compose.lod("mine.yaml")
```
"""


def test_a_page_with_mistakes_fails_at_each(page_run: Callable[[Path], PageRun]) -> None:
    page = Path("mistakes.md")
    page.write_text(MISTAKES)
    failures = [failure.splitlines()[0][:60] for failure in page_run(page).failures]
    assert failures == [
        "mistakes.md:3: AssertionError: compose describe group_atenti",
        "mistakes.md:4: AssertionError: compose list blocks --jsn: ex",
        "mistakes.md:5: AssertionError: nothing runs or checks `frobn",
        "mistakes.md:9: AssertionError: `compose describe max_similar",
        "mistakes.md:15: AssertionError: compose validate block.yaml:",
        "mistakes.md:19: AttributeError: module 'compose' has no attr",
    ]


@every_page
def test_no_block_is_of_another_kind(page: Path) -> None:
    """A fence of a kind that nothing runs would be passed over; ``text`` is what is not run."""
    assert {block.kind for block in fenced(page)} <= {"sh", "console", "yaml", "python", "text", "mermaid"}
    assert len(list(fenced(page))) == len(re.findall(r"^```", page.read_text("utf-8"), re.MULTILINE)) / 2


@every_page
def test_commands_within_a_sentence_have_their_options(page: Path) -> None:
    unknown = [
        found for found in re.findall(r"`compose (\S[^`]*)`", page.read_text("utf-8")) if not known_options(found)
    ]
    assert unknown == []


def known_options(text: str) -> bool:
    """Whether a command is there, and its options are options of it."""
    command: Any = get_command(app)
    options = option_names(command)
    for word in shlex.split(text):
        if word.startswith("-"):
            if word not in options:
                return False
        elif isinstance(command, TyperGroup):
            if word not in command.commands:
                return False
            command = command.commands[word]
            options |= option_names(command)
    return True


def option_names(command: Any) -> set[str]:
    return {option for parameter in command.params for option in parameter.opts}
