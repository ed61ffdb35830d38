"""``compose.train`` in a notebook: a line for each epoch, without widgets."""

from __future__ import annotations

import sys
import warnings
from types import ModuleType
from typing import Any

import pytest
from rich import console as rich_console

import compose

from .conftest import SMALL, TINY


@pytest.fixture
def shown(here: object, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What the cell shows: the text of each output."""
    outputs: list[str] = []
    module: Any = ModuleType("IPython.display")
    module.display = lambda output: outputs.append(output._repr_mimebundle_((), ())["text/plain"])
    package: Any = ModuleType("IPython")
    package.version_info = (9, 0)  # which matplotlib asks for where it draws the run's first chart
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", module)
    monkeypatch.setattr(rich_console, "_is_jupyter", lambda: True)
    return outputs


def test_a_line_for_each_epoch(shown: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with warnings.catch_warnings():
        warnings.filterwarnings("error", message=".*ipywidgets.*")
        run = compose.train(TINY, variants="short", overrides=SMALL, device="cpu")
    epochs = [text for text in shown if text.startswith("epoch ")]
    assert len(epochs) == len([row for row in run.metrics if row["kind"] == "epoch"]) == 1
    assert epochs[0].startswith("epoch 1/1  loss ")
    assert "<dict>, variant short -s data.train=48" in shown[0]
    assert any("run folder runs/tiny-short/" in text for text in shown)
    assert "epoch" not in capfd.readouterr().err


def test_silence_on_request(shown: list[str]) -> None:
    compose.train(TINY, variants="short", overrides=SMALL, device="cpu", progress=False)
    assert shown == []


def test_what_a_cell_shows_is_short(trained: compose.Run) -> None:
    assert trained.results is not None
    assert trained.results._repr_markdown_().startswith("| task |")
    assert repr(trained.spec) == f"Spec('{trained.folder}/spec.lock.yaml')"
    assert repr(trained.prepared) == "Prepared('tiny-short', 5 nodes)"
    assert repr(compose.validate({"seed": [1]}, fast=True)).startswith("<dict>:1:")
    (found,) = trained.predict(trained.examples(1), top=1, attention=True)
    assert len(repr(found)) < 400
