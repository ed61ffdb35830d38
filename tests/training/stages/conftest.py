from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compose import load
from compose.training.prepare import Prepared

from .meta_learned import CLASSES, LABELS, SHORT, Make


@pytest.fixture
def labels(tmp_path: Path) -> Make:
    """The spec on several labels an example, its first stage short, with options of the other changed."""

    def change(*overrides: str, **options: Any) -> Prepared:
        (tmp_path / "labels.yaml").write_text(LABELS)
        given = [f"train.second.{key}={json.dumps(value)}" for key, value in {**SHORT, **options}.items()]
        return load(str(tmp_path / "labels.yaml"), overrides=["train.first.epochs=1", *given, *overrides])

    return change


@pytest.fixture
def classes(tmp_path: Path) -> Make:
    """The spec on pictures of one class each, with options of its stage changed."""

    def change(*overrides: str, **options: Any) -> Prepared:
        (tmp_path / "classes.yaml").write_text(CLASSES)
        given = [f"train.main.{key}={json.dumps(value)}" for key, value in options.items()]
        return load(str(tmp_path / "classes.yaml"), overrides=[*given, *overrides])

    return change
