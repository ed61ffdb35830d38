"""A page, run from top to bottom in a folder of its own, as a reader would who tries everything."""

from __future__ import annotations

import glob
import re
import shlex
import shutil
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from torch.distributed.run import main as torchrun
from typer.testing import CliRunner

from compose.cli.app import app
from compose.registry.registry import registry
from tests.docs.pages import Command, Fenced, commands, fenced
from tests.docs.toy_size import toy_size

Check = Callable[[str], None]
COMPUTES = ("train", "sweep", "evaluate", "predict")
REPEATS = ("train", "sweep", "list", "describe", "validate", "diff", "show", "code")
"""What gives the same on every page, but for files of its own and earlier runs."""
LATEST = re.compile(r"^(runs/…|RUN)(?=/|$)")
"""Stands in a page for the folder of the reader's newest run."""
BASE_RUN = "compose train zoo/ml2p.yaml"
"""What trains the run of a page that speaks of one and trains none before."""


class PageRun:
    """What running a page needs and finds.

    Args:
        folder: the working folder, with the user's files in it.
        elsewhere: patterns of the lines that are checked by other means -> the check.
        done: commands that have run on another page -> the runs that they have made there; it grows.
    """

    def __init__(self, folder: Path, elsewhere: Mapping[str, Check], done: dict[str, list[Path]]) -> None:
        self._folder = folder
        self._elsewhere = elsewhere
        self._done = done
        self._own: set[str] = set()
        self._added: set[str] = set()
        self._latest: Path | None = None
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self.failures: list[str] = []

    def run(self, page: Path) -> None:
        """Run all of a page; what fails is in ``failures``, and the rest goes on."""
        blocks = list(fenced(page))
        lines = [command.line for block in blocks if block.kind in ("sh", "console") for command in commands(block)]
        for block in blocks:
            if block.title:
                self._own.add(block.title)
                Path(block.title).write_text(block.text, "utf-8")
        for block in blocks:
            if block.kind in ("sh", "console"):
                for command in commands(block):
                    self._try(command.place, partial(self._line, command))
            elif block.kind == "yaml" and not any(block.title in line.split() for line in lines):
                self._try(block.place, partial(self._spec, block))
            elif block.kind == "python" and block.title is None:
                self._try(block.place, partial(self._python, block))

    def _try(self, place: str, step: Callable[[], None]) -> None:
        try:
            step()
        except Exception as error:
            self.failures.append(f"{place}: {type(error).__name__}: {error}")

    def _spec(self, block: Fenced) -> None:
        """Validate a block of YAML: a whole spec, or a part of one, laid over another."""
        name = block.title or "block.yaml"
        base = f"extends: {block.base}\n" if block.base else ""
        Path(name).write_text(base + block.text, "utf-8")
        self._compose(["validate", name])

    def _python(self, block: Fenced) -> None:
        padding = "\n" * (int(block.place.rsplit(":", 1)[1]) - 1)
        exec(compile(padding + block.text.replace("…", "..."), block.place, "exec"), self._names)

    def _line(self, command: Command) -> None:
        for pattern, check in self._elsewhere.items():
            if re.match(pattern, command.line):
                return check(command.line)
        words = [word for text in shlex.split(command.line, comments=True) for word in self._expanded(text)]
        if not words:
            return None
        if words[0] == "torchrun":
            return self._processes(words)
        if words[0] != "compose":
            raise AssertionError(f"nothing runs or checks `{command.line}`")
        before = _runs()
        if shlex.join(words) in self._done and not command.shown and not self._own & {*words}:
            self._copy(self._done[shlex.join(words)])
        else:
            self._show(command, words)
        made = _runs() - before
        if words[1] == "train" and made:
            (self._latest,) = made
        if words[1] in REPEATS and not any(word in self._own or word.startswith(("runs", "mine")) for word in words):
            self._done.setdefault(shlex.join(words), [self._folder / path for path in made])
        return None

    def _show(self, command: Command, words: list[str]) -> None:
        """Run a command and look for what the page shows of its output."""
        output = self._compose(words[1:], fails=any("error:" in line for line in command.shown))
        for setting in self._added:  # names of runs tell how they differ from their specs
            output = output.replace(f"+ {setting}", "").replace(setting, "")
        missing = [line for line in command.shown if not _stands_in(line, output)]
        assert not missing, f"`{command.line}` does not print\n" + "\n".join(missing) + f"\nbut\n{output}"

    def _expanded(self, word: str) -> list[str]:
        """A word with the newest run in its place, or what a pattern matches."""
        if LATEST.match(word):
            return [LATEST.sub(str(self._newest()), word)]
        return sorted(glob.glob(word)) if word.endswith("*") and "=" not in word else [word]

    def _newest(self) -> Path:
        if self._latest is None:
            self._line(Command(BASE_RUN, "a run to begin with"))
        assert self._latest is not None
        return self._latest

    def _compose(self, words: list[str], fails: bool = False) -> str:
        toy = toy_size(words)
        self._added |= {*toy[1::2]}
        device = ["--device", "cpu"] if words[0] in COMPUTES else []
        registry.cache_clear()
        result = CliRunner().invoke(app, [*words, *toy, *device], prog_name="compose")
        said = f"compose {shlex.join([*words, *toy])}: exit code {result.exit_code}\n{result.output}"
        assert (result.exit_code != 0) == fails, said
        assert fails or result.exception is None or result.exit_code == 0, said
        return result.output

    def _copy(self, runs: list[Path]) -> None:
        """Take over the runs that the same command has made on another page."""
        for run in runs:
            shutil.copytree(run, run.relative_to(run.parents[2]), dirs_exist_ok=True)

    def _processes(self, words: list[str]) -> None:
        """Run ``torchrun``, with two processes where it trains, and else one."""
        at = words.index("compose")
        own, inner = words[1:at], words[at + 1 :]
        name = "torchrun " + shlex.join(inner)
        if name in self._done:
            return
        own[own.index("--nproc-per-node") + 1] = "2" if inner[0] == "train" else "1"
        toy = toy_size(inner)
        program = [str(Path(sys.executable).with_name("compose")), *inner, *toy, "--device", "cpu"]
        torchrun(["--standalone", *own, *program])
        self._done[name] = []


def _runs() -> set[Path]:
    return {path.parent for path in Path("runs").glob("*/*/spec.lock.yaml")}


def _stands_in(line: str, output: str) -> bool:
    """Whether a line that is shown is printed, numbers, blanks and rules of tables aside; ``…`` stands for anything."""
    parts = [_bare(part) for part in line.split("…")]
    printed = [_bare(text) for text in output.splitlines()]
    return any(all(part in text for part in parts) for text in printed)


def _bare(text: str) -> str:
    masked = re.sub(r"[-+]?\d[\d.,]*(e-?\d+)?\*?", "#", text)  # 30.9* is the best of a column
    return re.sub(r"[─━\s]+", " ", masked.replace("# min # s", "# s")).replace(" + #", " #").strip()
