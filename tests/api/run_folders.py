"""Folders of runs as training leaves them, without training."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

from compose.evaluation.result import Result
from tests.evaluation.comparison.made import ZSL, task

LOCK = """# made by: compose train {spec}{made}
# with: compose 0.2.0, torch 2.0
# repeat with: compose train spec.lock.yaml
name: {name}
seed: {seed}
paper: {{title: A paper, figures: {{table1: {{ml2p: {{zsl: {{map: 29.4}}}}}}}}}}
data: {{use: glyph_scenes, size: 48{data}}}
model: {{scores: {{use: linear}}}}
{more}
"""


def run_folder(
    folder: Path,
    *,
    name: str = "ml2p",
    seed: int = 0,
    value: float = 0.3,
    spec: str = "my.yaml",
    made: str = "",
    data: str = "",
    more: str = "",
    begun: float | None = None,
    **protocol: Any,
) -> Path:
    """A run that has ended, its report with a number of parameters.

    Args:
        folder: is made.
        name: of the spec.
        seed: its seed.
        value: the mAP that it reached.
        spec: the file that it was made from.
        made: the options that it was made with.
        data: more parameters of its data.
        more: more of its spec.
        begun: when.
        protocol: what is otherwise in its protocol.
    """
    folder.mkdir(parents=True)
    lock = LOCK.format(name=name, seed=seed, spec=spec, made=f" {made}" if made else "", data=data, more=more)
    (folder / "spec.lock.yaml").write_text(lock)
    result = Result({"zsl": task(replace(ZSL, **protocol), map=value)})
    report = {"name": name, "seed": seed, "device": "cpu", "seconds": 61.0, "steps": 10, "parameters": 12_345}
    (folder / "report.json").write_text(json.dumps({**report, "result": result.to_json()}))
    if begun is not None:
        os.utime(folder / "spec.lock.yaml", (begun, begun))
    return folder
