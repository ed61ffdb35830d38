"""What docs/how-to/notebooks.md shows of the Python API runs as it stands there."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

import compose

from .conftest import SMALL, TINY

NOTEBOOKS = Path(__file__).parents[2] / "docs" / "how-to" / "notebooks.md"


@pytest.fixture
def mine(here: Path) -> None:
    """``mine.yaml`` and ``pictures/``, as the page assumes them; the spec is tiny."""
    Path("mine.yaml").write_text(json.dumps(compose.load(TINY, variants="short", overrides=SMALL).spec.values))
    Path("pictures").mkdir()
    for name in ("a.png", "b.png"):
        Image.fromarray(np.random.default_rng(0).integers(0, 255, (40, 40, 3), np.uint8)).save(Path("pictures", name))


def test_the_lines_of_the_page_run(mine: None, capsys: pytest.CaptureFixture[str]) -> None:
    (block,) = (
        text
        for text in re.findall(r"```python\n(.*?)```", NOTEBOOKS.read_text("utf-8"), re.S)
        if "import compose\n" in text
    )
    names: dict[str, Any] = {}
    exec(compile(block, "notebooks.md", "exec"), names)
    run, again = names["run"], names["again"]
    assert run.spec.values["seed"] == 1
    printed = capsys.readouterr().out.splitlines()
    assert printed[0].startswith("{'map': ")
    assert [line.split()[0] for line in printed if line.startswith("pictures/")] == ["pictures/a.png", "pictures/b.png"]
    assert again["gzsl"].protocol.images == "with_positives"
    assert set(again.tasks) == set(run.results.tasks)
