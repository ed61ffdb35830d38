"""Every mistake of shape and size ends in one message: the golden files hold it as the user reads it."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.checks.fixes import with_fixes
from compose.errors import SpecErrors
from compose.model.costs import memory
from compose.registry.registry import Registry
from compose.spec.read import read_spec
from compose.training.prepare import prepare

GOLDEN = Path(__file__).with_name("golden")
NAMES = sorted(path.stem for path in GOLDEN.glob("*.yaml"))


@pytest.mark.parametrize("name", NAMES)
def test_message(name: str, known: Registry, monkeypatch: pytest.MonkeyPatch, update_golden: bool) -> None:
    monkeypatch.chdir(GOLDEN)
    monkeypatch.setattr(memory, "machine_bytes", lambda: (24 * 2**30, "this machine"))
    made = prepare(read_spec(f"{name}.yaml", known=known))
    with pytest.raises(SpecErrors) as caught:
        _ = made.shaped
    told = f"{SpecErrors(with_fixes(made, caught.value.errors))}\n"
    golden = GOLDEN / f"{name}.txt"
    if update_golden:
        golden.write_text(told)
    assert told == golden.read_text()
