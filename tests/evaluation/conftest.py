"""The metrics are read off the code here, so that these tests do not depend on the stored index."""

from __future__ import annotations

import importlib
import pkgutil

import pytest

from compose.evaluation import metrics
from compose.registry import Registry


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    found = Registry([])
    for info in pkgutil.iter_modules(metrics.__path__, f"{metrics.__name__}."):
        found.add_module(importlib.import_module(info.name))
    monkeypatch.setattr("compose.evaluation.entries.registry", lambda: found)
    return found
