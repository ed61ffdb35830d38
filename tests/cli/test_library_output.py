"""What libraries say is a line each, never a traceback; a shell is offered only what it takes literally."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import threading
import warnings
from io import StringIO
from pathlib import Path

import pytest

from compose.cli.arguments.complete import plain, spec_names, variant_names
from compose.cli.printing.library_output import first_line, tamed_libraries

BLOCKS = """
import logging, threading, warnings
from jaxtyping import Float
from torch import Tensor, nn
from compose.block import block

warnings.warn("odd \\x1b[31m weights\\nTraceback (most recent call last):\\n  secret.py")
try:
    1 / 0
except ZeroDivisionError:
    for name in ("torch._dynamo", "torch._subclasses.fake_tensor", "torch.fx", "timm", "other"):
        logging.getLogger(name).exception("failed [red] \\x1b]0;title\\x07")
        logging.getLogger(name).error("with its stack", stack_info=True)


def fail() -> None:
    raise ValueError("in a thread")


class Closed:
    def __del__(self) -> None:
        raise ValueError("in a destructor")


thread = threading.Thread(target=fail)
thread.start()
thread.join()
Closed()


@block
class Same(nn.Module):
    \"\"\"Give back what comes.\"\"\"

    def forward(self, x: Float[Tensor, "b c"]) -> Float[Tensor, "b c"]:
        \"\"\"Give it back.

        Args:
            x: what comes.
        \"\"\"
        return x
"""


def _run(folder: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "compose", *words]
    environment = {**os.environ, "COLUMNS": "200"}
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False, env=environment)


def test_a_block_file_with_much_to_say(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text(BLOCKS)
    quiet = _run(tmp_path, "describe", "same", "--blocks", "mine.py")
    assert quiet.returncode == 0, quiet.stderr
    assert "note: odd \\x1b[31m weights (mine.py:7)" in quiet.stderr
    assert "note: a thread ended with ValueError: in a thread" in quiet.stderr
    assert "note: passed over ValueError: in a destructor" in quiet.stderr
    assert "failed [red] \\x1b]0;title\\x07" in quiet.stderr
    assert "Traceback" not in quiet.stderr
    assert "File " not in quiet.stderr
    assert all(char.isprintable() or char == "\n" for char in quiet.stdout + quiet.stderr)
    assert "Traceback" in _run(tmp_path, "describe", "same", "--blocks", "mine.py", "--debug").stderr


def test_everything_is_as_before_afterwards(capsys: pytest.CaptureFixture[str]) -> None:
    before = warnings.showwarning, logging.getLogRecordFactory(), threading.excepthook, sys.unraisablehook
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    logger = logging.getLogger("compose_test")
    logger.addHandler(handler)
    with tamed_libraries():
        try:
            raise ValueError("x")
        except ValueError:
            logger.exception("it failed: %s", "a\nb")
    logger.removeHandler(handler)
    assert stream.getvalue() == "it failed: a\n"
    after = warnings.showwarning, logging.getLogRecordFactory(), threading.excepthook, sys.unraisablehook
    assert after == before


def test_what_a_message_says_before_its_traceback() -> None:
    assert first_line("broken\nTraceback (most recent call last):\n  File x\nValueError: y") == "broken"
    assert first_line("Traceback (most recent call last):\n  File x\nValueError: y") == "ValueError: y"
    assert first_line("") == ""


def test_a_shell_is_offered_only_what_it_takes_literally(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    hostile = [
        "$(touch x).yaml",
        "`touch x`.yaml",
        "a;b.yaml",
        "a b.yaml",
        "-rf.yaml",
        "*.yaml",
        "a\x1b.yaml",
        "a'.yaml",
    ]
    for name in [*hostile, "good.yaml", "größe.yaml"]:
        Path(name).write_text("name: x\n")
    assert [name for name in spec_names("") if not name.startswith("zoo/")] == ["good.yaml", "größe.yaml"]
    assert plain(hostile) == []
    assert plain(["no-pyramid", "zoo/ml2p.yaml", "./a.yaml"]) == ["no-pyramid", "zoo/ml2p.yaml", "./a.yaml"]
    Path("good.yaml").write_text('extends: zoo/starter.yaml\nvariants: {"$(touch x)": {seed: 1}, fine: {seed: 2}}\n')

    class Context:
        params = {"spec": "good.yaml"}  # noqa: RUF012
        args: tuple[str, ...] = ()

    assert variant_names(Context(), "") == []  # type: ignore[arg-type]
