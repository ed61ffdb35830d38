"""What is told to take a mismatch away: pasted in as it is printed, it makes the spec valid."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compose.checks.problems import problems
from compose.errors import Fix, SpecError, render
from compose.spec.read import read_spec
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import plain
from compose.spec.yaml.writer import dump
from compose.training.prepare import prepare

CASES: dict[str, Any] = plain(load_text(Path(__file__).with_name("mismatches.yaml").read_text("utf-8"), "mismatches"))


def mistakes(text: str) -> list[SpecError]:
    """The mistakes of a spec."""
    path = Path("spec.yaml")
    path.write_text(text, "utf-8")
    return problems(prepare(read_spec(str(path))), data=False)


def pasted(text: str, fix: Fix) -> list[SpecError]:
    """The mistakes that are left of a spec with the YAML of a fix laid over it."""
    Path("unfit.yaml").write_text(text, "utf-8")
    return mistakes(f"extends: unfit.yaml\n{fix.yaml}")


def test_there_are_thirty_and_more() -> None:
    assert len(CASES) >= 30


@pytest.mark.parametrize("name", CASES)
def test_the_fix_that_is_told_makes_the_spec_valid(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    case = CASES[name]
    text = dump({"extends": case["spec"], **case["over"]})
    error = mistakes(text)[0]
    told = {fix.yaml: fix for fix in error.fixes}
    overlays = [plain(load_text(yaml, "fix")) for yaml in told]
    assert case["fix"] in overlays, render(error)
    assert 0 < len(told) <= 3
    assert pasted(text, list(told.values())[overlays.index(case["fix"])]) == []
    assert all(line in render(error) for yaml in told for line in yaml.splitlines())


def test_a_second_mistake_is_said_to_remain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing behind a fix can be checked as long as something else does not fit there."""
    monkeypatch.chdir(tmp_path)
    over = {"relation": {"in": "encoder.attention"}, "scores": {"in": ["relation.relations", "labels.vectors"]}}
    first = mistakes(dump({"extends": "zoo/ml2p.yaml", "model": over}))[0]
    assert first.fixes[0].message == "`encoder.semantics`, another output of `encoder`, and then another mistake shows"
    assert "relation: {in: encoder.semantics}" in first.fixes[0].yaml


def test_in_an_override_the_ports_are_named() -> None:
    """All references of a list stand at one place there."""
    spec = read_spec("zoo/ml2p.yaml", overrides=["model.scores.in=[encoder.attention, labels.vectors]"])
    (error,) = problems(prepare(spec), data=False)
    wanted = {"model": {"scores": {"in": {"semantics": "encoder.semantics", "labels_vectors": "labels.vectors"}}}}
    assert plain(load_text(error.fixes[0].yaml, "fix")) == wanted


def test_a_spec_that_fits_pays_nothing_for_it() -> None:
    code = (
        "import sys, compose; assert compose.validate('zoo/baselines/relation.yaml'); "
        "assert not [name for name in sys.modules if name.startswith('compose.model.proposals')]"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
