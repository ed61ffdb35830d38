"""``compose diff``: in text, in colour, as files, and its exit code."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

TOLD = """\
--- small.yaml
+++ small.yaml -v three

model
~ pyramid: forward_pyramid
      groups 2 → 3

the same: outputs, blocks, loss, train, data, labels, evaluate, seed
"""
Run = Callable[..., Any]


def test_a_spec_and_its_variant(run: Run) -> None:
    result = run("diff", "small.yaml", "-v", "three", "--fast")
    assert (result.exit_code, result.stdout, result.stderr) == (0, TOLD, "")


def test_what_it_costs(run: Run) -> None:
    told = run("diff", "small.yaml", "-v", "three").stdout
    assert "~ pyramid: forward_pyramid, parameters " in told
    assert told.splitlines()[-1].startswith("parameters: ")


def test_equal_specs_say_so(run: Run) -> None:
    Path("copy.yaml").write_text(Path("small.yaml").read_text().replace("# a small model", "# a copy"))
    result = run("diff", "small.yaml", "copy.yaml", "--fast")
    assert (result.exit_code, result.stdout) == (0, "small.yaml and copy.yaml are the same\n")


def test_values_on_the_command_line(run: Run) -> None:
    assert "~ seed 0 → 3\n" in run("diff", "small.yaml", "-s", "seed=3", "--fast").stdout
    told = run("diff", "small.yaml", "--from", "three", "-v", "no-attention", "--fast").stdout
    assert told.splitlines()[:2] == ["--- small.yaml -v three", "+++ small.yaml -v no-attention"]


def test_a_terminal_shows_it_in_colour(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")
    told = run("diff", "small.yaml", "-v", "no-attention", "--fast").stdout
    assert "\x1b[31m- relation: group_attention\x1b[0m" in told
    assert "\x1b[33m~ unshuffle: channel_unshuffle\x1b[0m" in told


def test_as_json(run: Run) -> None:
    found = json.loads(run("diff", "small.yaml", "-v", "three", "--fast", "--json").stdout)
    assert found == {
        "before": "small.yaml",
        "after": "small.yaml -v three",
        "differ": True,
        "sections": {
            "model": [
                {
                    "state": "changed",
                    "name": "pyramid",
                    "use": ["forward_pyramid", "forward_pyramid"],
                    "values": [{"key": "groups", "before": 2, "after": 3}],
                }
            ]
        },
    }


def test_files(run: Run) -> None:
    for name in ("d.svg", "d.md", "d.json", "d.txt"):
        result = run("diff", "small.yaml", "-v", "three", "--fast", "-o", name)
        assert (result.exit_code, result.stdout, result.stderr) == (0, TOLD, f"wrote {name}\n")
    ElementTree.parse("d.svg")
    assert Path("d.md").read_text() == f"```diff\n{TOLD}```\n"
    assert Path("d.txt").read_text() == TOLD
    assert json.loads(Path("d.json").read_text())["differ"]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["small.yaml"], "expected a second spec or run, or a variant or override of the first"),
        (["small.yaml", "smal.yaml"], "smal.yaml"),
        (["small.yaml", "-v", "thre"], "did you mean `three`?"),
        (["small.yaml", "-v", "three", "-o", "d.png"], "expected a name that ends in .svg, .md, .json or .txt"),
        (["small.yaml", "-v", "three", "-o", "nowhere/d.svg"], "there is no folder nowhere"),
    ],
)
def test_mistakes(run: Run, words: list[str], told: str) -> None:
    result = run("diff", *words)
    assert result.exit_code == 2
    assert told in result.stderr


def test_names_of_strangers_are_shown_as_text(run: Run) -> None:
    name = "[red]\x1b[31m.yaml"
    Path(name).write_text(Path("small.yaml").read_text())
    told = run("diff", name, "-v", "three", "--fast").stdout
    assert told.splitlines()[0] == "--- [red]\\x1b[31m.yaml"
