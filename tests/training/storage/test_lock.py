"""The lock file of a run says what made it and with what, and is a spec that says the same."""

from __future__ import annotations

import platform
from importlib.metadata import version
from pathlib import Path

import pytest

from compose.registry.registry import registry
from compose.spec.read import Spec, read_spec
from compose.training.storage.lock import lock_text

SPEC = """\
extends: zoo/starter.yaml
name: small
train: {main: {epochs: 2}}
variants: {longer: {train: {main: {epochs: 3}}}}
"""


@pytest.fixture
def spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Spec:
    """The spec with a variant and an override of two lines."""
    monkeypatch.chdir(tmp_path)
    Path("small.yaml").write_text(SPEC, "utf-8")
    overrides = ["seed=7", "train.main.batch=8", "data={train: 8,\n  val: 4}"]
    return read_spec("small.yaml", variants=["longer"], overrides=overrides, known=registry())


def test_it_says_with_what_the_run_was_made(spec: Spec) -> None:
    comment = [line for line in lock_text(spec).splitlines() if line.startswith("# with: ")]
    (line,) = comment
    assert f"compose {version('torchcompose')}" in line
    assert f"python {platform.python_version()}" in line
    for package in ("torch", "torchvision", "numpy", "lightning-fabric", "safetensors"):
        assert f"{package} {version(package)}" in line


def test_a_package_that_is_not_there_is_passed_over(spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("compose.training.storage.lock.PACKAGES", ("no-such-package", "torch"))
    text = lock_text(spec)
    assert "no-such-package" not in text
    assert f"torch {version('torch')}" in text


def test_it_says_how_the_run_was_made_in_one_line(spec: Spec) -> None:
    first = lock_text(spec).splitlines()[0]
    assert first.startswith("# made by: compose train ")
    assert "-v longer" in first
    assert "-s train.main.batch=8" in first
    assert "-s data={train: 8," in first
    assert first.endswith("val: 4}")


def test_it_is_a_spec_of_the_same_values(spec: Spec) -> None:
    Path("again.yaml").write_text(lock_text(spec), "utf-8")
    again = read_spec("again.yaml", known=registry())
    assert again.values == {**spec.values, "name": again.values["name"]}
    assert again.resolved.name == spec.resolved.name
    assert (again.seed, again.values["train"]["main"]["epochs"]) == (7, 3)
