"""What a run is made of: the code of the blocks that installed packages bring."""

from __future__ import annotations

import importlib
import sys
from dataclasses import replace
from hashlib import sha256
from pathlib import Path

import pytest

from compose.errors import UsageError
from compose.registry.registry import Registry, registry
from compose.training.storage.fingerprint import check_code, installed_code, version_changes

CODE = "class Theirs:\n    pass\n"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file of an installed module with a block."""
    path = tmp_path / "their_blocks.py"
    path.write_text(CODE, "utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "their_blocks", raising=False)
    importlib.invalidate_caches()
    return path


def known(path: Path) -> Registry:
    """Blocks of our own around theirs, and a composite, which has no code."""
    ours = [found for found in registry().all() if found.kind in ("block", "composite")]
    theirs = replace(ours[0], kind="block", name="theirs", module=path.stem, qualname="Theirs")
    return Registry([*ours[:2], theirs, *ours[2:4]])


def test_the_code_of_installed_packages_is_told_by_its_digest(package: Path) -> None:
    assert installed_code(known(package), ()) == {"their_blocks": sha256(CODE.encode()).hexdigest()}
    assert installed_code(registry(), ()) == {}


def test_the_users_own_files_are_no_installed_code(package: Path) -> None:
    assert installed_code(known(package), (package,)) == {}


@pytest.mark.parametrize(
    ("now", "told"),
    [
        ({"one": "1", "two": "3"}, "the blocks of `two`: their code has changed since the run was trained"),
        ({"one": "1"}, "the blocks of `two`: their code is not installed any more"),
    ],
)
def test_a_run_goes_on_with_no_other_installed_code(now: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        check_code({"one": "1", "two": "2"}, now)
    check_code({"one": "1", "two": "2"}, {"two": "2", "one": "1", "three": "3"})


def test_versions_that_differ_are_told() -> None:
    before, now = {"torch": "2.11", "numpy": "2.0", "timm": "1.0"}, {"torch": "2.12", "numpy": "2.0", "new": "1"}
    assert version_changes(before, now) == ["torch 2.11 -> 2.12", "timm 1.0 -> none", "new none -> 1"]
    assert version_changes(before, before) == []
