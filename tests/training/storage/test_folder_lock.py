"""One process writes a run's folder at a time."""

import os
import subprocess
import sys
import time

import pytest

from compose.training.storage.folder_lock import NAME, FolderLock, FolderTakenError

HOLD = (
    "import sys, time; from pathlib import Path; from compose.training.storage.folder_lock import FolderLock\n"
    "lock = FolderLock.take(Path(sys.argv[1])); print('held', flush=True); time.sleep(60)"
)


@pytest.fixture
def holder(tmp_path):
    """Another process that has the lock."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "held\n"
    yield process
    process.kill()
    process.wait()


def test_the_second_is_refused_at_once_and_told_who_has_it(tmp_path, holder):
    with pytest.raises(FolderTakenError) as caught:
        FolderLock.take(tmp_path)
    told = f"{tmp_path} is being written by process {holder.pid} on {os.uname().nodename} since 20"
    assert str(caught.value).startswith(told)
    assert "stop it with Ctrl-C or `kill`, which saves its state" in str(caught.value)


def test_a_process_that_is_killed_has_no_lock(tmp_path, holder):
    holder.kill()
    holder.wait()
    with FolderLock.take(tmp_path):
        assert f"process {os.getpid()} on" in (tmp_path / NAME).read_text()
    assert not (tmp_path / NAME).exists()


def test_two_threads_of_a_process_do_not_share_it(tmp_path):
    with FolderLock.take(tmp_path), pytest.raises(FolderTakenError, match=f"process {os.getpid()}"):
        FolderLock.take(tmp_path)
    FolderLock.take(tmp_path).release()


def test_a_forked_child_does_not_hold_it(tmp_path):
    lock = FolderLock.take(tmp_path)
    child = os.fork()
    if not child:
        time.sleep(60)
        os._exit(0)
    lock.release()
    try:
        FolderLock.take(tmp_path).release()
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)


def test_a_lock_file_that_was_deleted_meanwhile_is_taken_anew(tmp_path):
    lock = FolderLock.take(tmp_path)
    (tmp_path / NAME).unlink()
    with FolderLock.take(tmp_path):
        assert (tmp_path / NAME).exists()
    lock.release()
