"""A write that fails says where, why and what helps."""

import errno
import os

import pytest
from safetensors import SafetensorError

from compose.training.storage.metrics_log import MetricsLog
from compose.training.storage.run_folder import RunFolder, write_text
from compose.training.storage.writing import StorageError, writing


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (OSError(errno.ENOSPC, "x"), "no space left on device; make room on that disk"),
        (OSError(errno.EDQUOT, "x"), "disk quota exceeded; make room within your quota"),
        (OSError(errno.EFBIG, "x"), "file too large; raise the limit on the size of a file (`ulimit -f`)"),
        (OSError(errno.EROFS, "x"), "read-only file system; name a folder on a disk that can be written, with --out"),
        (OSError(errno.EACCES, "x"), "permission denied; make the folder writable, or name another one with --out"),
        (OSError(errno.EIO, "x"), "input/output error; see that the disk is sound and can be written"),
        (SafetensorError("I/O error: File too large (os error 27)"), "file too large; raise the limit"),
        (SafetensorError("What is it"), "what is it; see that the disk is sound and can be written"),
    ],
)
def test_what_helps(tmp_path, error, told):
    with pytest.raises(StorageError) as caught, writing(tmp_path / "a"):
        raise error
    assert str(caught.value).startswith(f"cannot write {tmp_path / 'a'}: {told}")
    assert caught.value.exit_code == 1


def test_a_file_stands_where_a_folder_should(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="file exists; name another folder with --out"):
        RunFolder(tmp_path / "file" / "run").make()


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs a device that is full")
def test_metrics_on_a_full_disk(tmp_path):
    (tmp_path / "metrics.jsonl").symlink_to("/dev/full")
    with pytest.raises(StorageError, match=r"metrics\.jsonl: .*; "):
        MetricsLog(tmp_path / "metrics.jsonl").write({"step": 1})


def test_a_text_is_there_whole_or_as_it_was(tmp_path, monkeypatch):
    def fail(old, new):
        raise OSError(errno.ENOSPC, "full")

    path = tmp_path / "report.md"
    write_text(path, "first")
    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(StorageError, match=r"cannot write .*report\.md: no space left"):
        write_text(path, "second")
    assert path.read_text() == "first"
    assert list(tmp_path.iterdir()) == [path]
