"""The metrics are read off the code here, so that these tests do not depend on the stored index."""

from __future__ import annotations

import importlib
import pkgutil
from types import ModuleType

import pytest

from compose.block import REGISTRATION
from compose.evaluation import metrics
from compose.registry.registry import Registry


def classes(module: ModuleType) -> list[type]:
    return [value for value in vars(module).values() if isinstance(value, type)]


@pytest.fixture(autouse=True)
def registry(monkeypatch: pytest.MonkeyPatch) -> Registry:
    found = Registry([])
    for info in pkgutil.iter_modules(metrics.__path__, f"{metrics.__name__}."):
        module = importlib.import_module(info.name)
        if any(REGISTRATION in vars(value) and value.__module__ == info.name for value in classes(module)):
            found.add_module(module)
    monkeypatch.setattr("compose.evaluation.metrics.metric_entries.registry", lambda: found)
    return found
