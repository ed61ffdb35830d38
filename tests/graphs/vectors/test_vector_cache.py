from __future__ import annotations

import os
from pathlib import Path
from typing import Literal

import numpy as np
import pytest

from compose.graphs import MissingLabels
from compose.graphs.vectors import glove_vectors, vector_cache
from compose.graphs.vectors.glove_vectors import GloveVectors

NAMES = ["polar bear", "café"]


@pytest.fixture
def glove(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(vector_cache, "LARGE", 0)
    path = tmp_path / "glove.txt"
    path.write_text("polar 1 0\nbear 0 1\ncafé 3 4\n", "utf-8")
    return path


def unreadable(*_: object) -> None:
    raise AssertionError("the file is read again")


def test_the_rows_are_kept(glove: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = GloveVectors(glove)(NAMES, [None, None])
    assert len(list(cache_folder.iterdir())) == 1
    monkeypatch.setattr(glove_vectors, "read_words", unreadable)
    np.testing.assert_array_equal(GloveVectors(glove)(NAMES, [None, None]), first)
    np.testing.assert_array_equal(GloveVectors(glove)(NAMES[::-1], [None, None]), first.flip(0))
    with pytest.raises(AssertionError, match="read again"):
        GloveVectors(glove)(["bear"], [None])


def test_a_changed_file_is_read_again(glove: Path) -> None:
    GloveVectors(glove)(NAMES, [None, None])
    glove.write_text("polar 5 5\nbear 5 5\ncafé 3 4\n", "utf-8")
    os.utime(glove, ns=(1, 1))
    assert GloveVectors(glove)(NAMES, [None, None])[0].tolist() == [5, 5]


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"\x93NUMPY"])
def test_a_damaged_cache_is_replaced(glove: Path, cache_folder: Path, content: bytes) -> None:
    first = GloveVectors(glove)(NAMES, [None, None])
    (kept,) = cache_folder.iterdir()
    good = kept.read_bytes()
    kept.write_bytes(content)
    np.testing.assert_array_equal(GloveVectors(glove)(NAMES, [None, None]), first)
    assert kept.read_bytes() == good
    assert list(cache_folder.iterdir()) == [kept]


def test_a_folder_that_cannot_be_written(glove: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "file"))
    assert GloveVectors(glove)(["bear"], [None]).tolist() == [[0, 1]]


def test_nothing_is_kept_of_a_small_file_or_a_failure(
    glove: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(MissingLabels):
        GloveVectors(glove)(["bear", "xq"], [None, None])
    monkeypatch.setattr(vector_cache, "LARGE", 1 << 20)
    GloveVectors(glove)(["bear"], [None])
    assert not cache_folder.exists()


MADE = ["polarbear", "xq", "bear xq", "NASA", "café"]


@pytest.mark.parametrize("missing", ["split", "mean"])
def test_what_stands_for_missing_words_is_kept(
    glove: Path, cache_folder: Path, monkeypatch: pytest.MonkeyPatch, missing: Literal["split", "mean"]
) -> None:
    first = GloveVectors(glove, missing=missing)
    vectors, notes = first(MADE, [None] * 5), first.notes(MADE)
    assert len(list(cache_folder.iterdir())) == 1
    for read in ("read_words", "read_mean"):
        monkeypatch.setattr(glove_vectors, read, unreadable)
    again = GloveVectors(glove, missing=missing)
    np.testing.assert_array_equal(again(MADE, [None] * 5), vectors)
    assert again.notes(MADE) == notes
    assert len(notes) == 2


def test_what_is_kept_for_one_way_is_not_used_for_another(glove: Path) -> None:
    split, mean = (GloveVectors(glove, missing=way)(MADE[:1], [None]) for way in ("split", "mean"))
    assert not split.equal(mean)
    with pytest.raises(MissingLabels):
        GloveVectors(glove)(MADE[:1], [None])
