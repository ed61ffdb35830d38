"""``compose test-block``."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from compose.cli.app import app

BLOCK = """\
from jaxtyping import Float
from torch import Tensor
from torch import nn
from compose.block import block

@block
class Gate(nn.Module):
    '''Let some of a map through.'''
    def forward(self, maps: Float[Tensor, "b c"]) -> Float[Tensor, "b c"]:
        return maps - maps.{mean}
"""


def called(*words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["test-block", *words], prog_name="compose")
    return result.exit_code, result.stdout, result.stderr


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("mine.py").write_text(BLOCK.format(mean="mean(1, keepdim=True)"))


def test_a_table_of_what_was_found() -> None:
    code, out, err = called("mine.py")
    assert (code, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "block gate, tried with b 4, c 16"
    assert [line.split("  ")[1].strip() for line in lines[1:3]] == ["dry run", "ports"]
    assert "  gradients  ok  reach the inputs, all finite" in lines
    assert "  labels     -   no port has a number of labels" in lines


def test_a_failure_ends_with_its_line() -> None:
    Path("mine.py").write_text(BLOCK.format(mean="mean(0)"))
    code, out, err = called("mine.py")
    assert code == 1
    assert "batch      failed" in out
    assert err.startswith("mine.py:9:54: error: `out` of one example depends on the other examples of its batch")


def test_a_block_of_the_project_by_name() -> None:
    code, out, _ = called("normalise")
    assert code == 0
    assert out.startswith("block normalise, tried with ")


def test_as_json() -> None:
    code, out, _ = called("mine.py", "--json")
    assert code == 0
    (found,) = json.loads(out)
    assert (found["kind"], found["name"], found["sizes"]) == ("block", "gate", {"b": 4, "c": 16})
    assert found["checks"][0] == {"check": "dry run", "state": "ok", "detail": "takes 4 × 16"}


def test_bad_usage() -> None:
    code, _, err = called("mine.py", "--dim", "q=3")
    assert (code, err) == (2, "error: --dim q: no port of `gate` has it; its dims: b, c\n")
