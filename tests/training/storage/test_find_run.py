"""Which run a path names."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compose.errors import UsageError
from compose.training.storage.find_run import find_run, newest_run, runs_below


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An empty current folder."""
    monkeypatch.chdir(tmp_path)


def run(folder: Path, begun: int = 1) -> Path:
    """A folder with a lock, begun at a time."""
    folder.mkdir(parents=True)
    lock = folder / "spec.lock.yaml"
    lock.write_text("name: small\n")
    os.utime(lock, (begun, begun))
    return folder


def test_a_folder_or_a_file_in_it() -> None:
    folder = run(Path("runs/small/1"))
    weights = folder / "weights" / "best.safetensors"
    weights.parent.mkdir()
    weights.write_bytes(b"")
    report = folder / "report.json"
    report.write_text("{}")
    assert (find_run(folder).folder, find_run(folder).weights) == (folder, None)
    assert (find_run(report).folder, find_run(report).weights) == (folder, None)
    assert (find_run(weights).folder, find_run(weights).weights) == (folder, weights)


def test_a_folder_of_runs_names_the_one_begun_last() -> None:
    run(Path("runs/b/1"), begun=3)
    newest = run(Path("runs/a/1"), begun=9)
    run(Path("runs/a/2"), begun=5)
    assert find_run(Path("runs")).folder == newest
    assert find_run(Path("runs/a")).folder == newest
    assert newest_run(Path("runs/b")) == Path("runs/b/1")
    assert runs_below(Path("runs")) == [Path("runs/a/1"), Path("runs/a/2"), Path("runs/b/1")]


def test_runs_begun_at_once_are_told_by_name() -> None:
    run(Path("runs/a/1"))
    assert newest_run(run(Path("runs/a/2")).parent) == Path("runs/a/2")


def test_what_is_no_run() -> None:
    with pytest.raises(UsageError, match=r"there is no run runs/a; `compose train` makes one$"):
        find_run(Path("runs/a"))
    run(Path("runs/small/1"))
    with pytest.raises(UsageError, match=r"there is no run runs/smal/1; did you mean runs/small/1\?$"):
        find_run(Path("runs/smal/1"))
    Path("empty").mkdir()
    with pytest.raises(UsageError, match=r"empty is no run: it has no spec\.lock\.yaml$"):
        find_run(Path("empty"))
    Path("notes.txt").touch()
    with pytest.raises(UsageError, match=r"notes\.txt is no run: there is no spec\.lock\.yaml beside it; `compose"):
        find_run(Path("notes.txt"))
