"""The hook that other projects can use: its command takes several specs, and fails where one is wrong."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[1]
HOOKS: dict[str, dict[str, Any]] = {
    hook["id"]: hook for hook in yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
}
LOCAL: dict[str, dict[str, Any]] = {
    hook["id"]: hook
    for repository in yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))["repos"]
    for hook in repository["hooks"]
}


def run(hook: dict[str, Any], *files: str) -> subprocess.CompletedProcess[str]:
    program, *words = shlex.split(hook["entry"])
    command = [str(Path(sys.executable).with_name(program)), *words, *files]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("hook", [HOOKS["compose-validate"], LOCAL["compose-validate"]], ids=["shared", "local"])
def test_it_fails_where_a_spec_is_wrong(hook: dict[str, Any], tmp_path: Path) -> None:
    bad = tmp_path / "bad.yaml"
    bad.write_text("extends: zoo/starter.yaml\nmodel: {backbone: {archh: conv64}}\n")
    good = tmp_path / "good.yaml"
    good.write_text("extends: zoo/starter.yaml\n")
    assert run(hook, str(good), str(ROOT / "zoo" / "ml2p.yaml")).returncode == 0
    failed = run(hook, str(good), str(bad))
    assert failed.returncode == 2
    assert f"{bad}:2:20: error" in failed.stderr


@pytest.mark.parametrize("hook", [HOOKS["compose-validate"], LOCAL["compose-validate"]], ids=["shared", "local"])
def test_every_spec_of_the_zoo_is_of_that_hook(hook: dict[str, Any]) -> None:
    pattern = re.compile(hook["files"])
    specs = [str(path.relative_to(ROOT)) for path in (ROOT / "zoo").rglob("*.yaml")]
    assert specs
    assert all(map(pattern.search, specs))


@pytest.mark.parametrize(
    ("file", "is_spec"),
    [
        ("specs/ours.yaml", True),
        ("specs/few/ours.yml", True),
        ("zoo/ours.yaml", True),
        (".pre-commit-config.yaml", False),
        (".github/workflows/specs.yml", False),
        ("docs/specs/ours.yaml", False),
        ("specs/blocks.json", False),
    ],
)
def test_of_another_project_only_its_specs_are_of_the_hook(file: str, is_spec: bool) -> None:
    assert bool(re.search(HOOKS["compose-validate"]["files"], file)) is is_spec
