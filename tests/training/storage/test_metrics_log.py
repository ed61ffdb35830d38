"""Metrics survive a crash, and what a crash damaged is told."""

import json
import math

import pytest

from compose.training.storage.metrics_log import MetricsLog


def rows(path):
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture
def written(tmp_path):
    """A file with three rows, and its size after the second."""
    path = tmp_path / "metrics.jsonl"
    log = MetricsLog(path)
    log.write({"kind": "step", "step": 1, "x": 0.5})
    log.write({"kind": "epoch", "step": 2})
    size = log.sync()
    log.write({"kind": "step", "step": 3})
    log.close()
    return path, size


def test_a_row_is_out_at_once_and_json_throughout(tmp_path):
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.write({"step": 1, "map": math.nan, "all": [math.inf, 0.5]})
    assert rows(tmp_path / "metrics.jsonl") == [{"step": 1, "map": None, "all": [None, 0.5]}]
    log.close()


def test_it_goes_on_where_the_checkpoint_was_written(written):
    path, size = written
    log = MetricsLog(path, size=size, step=2)
    log.write({"kind": "step", "step": 3, "again": True})
    log.close()
    assert log.loss == ""
    assert [row["step"] for row in rows(path)] == [1, 2, 3]
    assert rows(path)[-1]["again"]


@pytest.mark.parametrize("damage", ["cut", "cut in a line", "zeros", "gone", "later lines", "no json"])
def test_what_is_damaged_is_left_out_and_told(written, damage):
    path, size = written
    content = path.read_bytes()
    first = content.index(b"\n") + 1
    damaged = {
        "cut": content[:first],
        "cut in a line": content[: first + 5],
        "zeros": content[:first] + bytes(size - first),
        "later lines": content[:first] + json.dumps({"step": 9}).encode().ljust(size - first - 1) + b"\n",
        "no json": content[:first] + b"x" * (size - first - 1) + b"\n",
    }
    path.unlink() if damage == "gone" else path.write_bytes(damaged[damage])
    log = MetricsLog(path, size=size, step=2)
    log.write({"step": 3})
    log.close()
    kept = [] if damage == "gone" else [1]
    assert [row["step"] for row in rows(path)] == [*kept, 3]
    whole = 0 if damage == "gone" else first
    assert log.loss == f"metrics.jsonl is damaged: of {size} bytes up to step 2, {whole} are whole and kept"


def test_a_run_that_starts_again_keeps_nothing(written):
    MetricsLog(written[0]).close()
    assert written[0].read_bytes() == b""
