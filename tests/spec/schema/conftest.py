from __future__ import annotations

from pathlib import Path

import pytest

from compose.registry.registry import Registry, registry

from .judges import Judges


@pytest.fixture
def judges(known: Registry, tmp_path: Path) -> Judges:
    return Judges(known, tmp_path)


@pytest.fixture
def real(tmp_path: Path) -> Judges:
    return Judges(registry(), tmp_path)
