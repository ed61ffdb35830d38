"""Metrics are on the disk with their checkpoint; of a file damaged in its middle the other lines are kept."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

from compose.training.storage.metrics_log import MetricsLog


def test_a_line_in_the_middle_is_left_out_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    log = MetricsLog(path)
    for step in (1, 2, 3):
        log.write({"kind": "step", "step": step})
    size = log.sync()
    log.close()
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[0] + b"\0" * (len(lines[1]) - 1) + b"\n" + lines[2])
    resumed = MetricsLog(path, size=size, step=3)
    resumed.write({"kind": "step", "step": 4})
    resumed.close()
    assert [json.loads(line)["step"] for line in path.read_text("utf-8").splitlines()] == [1, 3, 4]
    assert "metrics.jsonl is damaged" in resumed.loss


def test_they_are_on_the_disk_once_they_are_synced(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[int] = []
    monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.write({"step": 1})
    assert synced == []
    assert [log.sync()] == synced == [(tmp_path / "metrics.jsonl").stat().st_size]
    log.close()
