from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from compose.graphs import TaxonomyError
from compose.graphs.taxonomy.build_taxonomy import build_taxonomy
from compose.graphs.taxonomy.taxonomy import load_taxonomy

pytest.importorskip("nltk")


@pytest.fixture
def wordnet(write_wordnet: Callable[..., Path]) -> Path:
    return write_wordnet()


def test_a_little_wordnet(wordnet: Path, tmp_path: Path) -> None:
    build_taxonomy(wordnet, tmp_path / "little.npz")
    little = load_taxonomy(tmp_path / "little.npz")
    names = ["entity.n.01", "animal.n.01", "pet.n.01", "mouse.n.01", "mouse.n.02", "mickey_mouse.n.01"]
    assert [little.name(i) for i in range(len(little))] == names
    assert little.version == "9.9"
    assert little.synset_words(4) == ["Mouse", "computer_mouse"]
    assert [little.hypernyms(i) for i in range(6)] == [[], [0], [1], [1, 2], [0], [3]]
    assert little.instance.tolist() == [False] * 5 + [True]
    assert little.exceptions == {"mice": ["mouse"]}
    assert little.max_depths.tolist() == [0, 1, 2, 3, 1, 4]
    assert little.hyponym_counts.tolist() == [5, 3, 2, 1, 0, 0]
    assert not (wordnet / "lexnames").exists()  # the user's folder stays as it was


def test_the_bytes_do_not_depend_on_the_run(wordnet: Path, tmp_path: Path) -> None:
    build_taxonomy(wordnet, tmp_path / "here.npz")
    command = [sys.executable, "-m", "compose", "wordnet", "build", str(wordnet), str(tmp_path / "there.npz")]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PYTHONHASHSEED": "7"})
    assert (tmp_path / "here.npz").read_bytes() == (tmp_path / "there.npz").read_bytes()


def test_a_zip_file(wordnet: Path, tmp_path: Path) -> None:
    build_taxonomy(wordnet, tmp_path / "folder.npz")
    with zipfile.ZipFile(tmp_path / "wordnet.zip", "w") as archive:
        for path in wordnet.iterdir():
            archive.write(path, f"wordnet/{path.name}")
    build_taxonomy(tmp_path / "wordnet.zip", tmp_path / "zip.npz")
    assert (tmp_path / "zip.npz").read_bytes() == (tmp_path / "folder.npz").read_bytes()


def test_missing_files(wordnet: Path, tmp_path: Path) -> None:
    (wordnet / "index.noun").unlink()
    with pytest.raises(TaxonomyError) as caught:
        build_taxonomy(wordnet, tmp_path / "out.npz")
    assert str(caught.value) == f"{wordnet}: expected WordNet's files, but index.noun is not there"
    assert not (tmp_path / "out.npz").exists()


def test_files_that_are_no_wordnet(wordnet: Path, tmp_path: Path) -> None:
    (wordnet / "index.noun").write_text("this is no index\n")
    with pytest.raises(TaxonomyError, match="nltk cannot read these WordNet files"):
        build_taxonomy(wordnet, tmp_path / "out.npz")


def test_a_cycle(write_wordnet: Callable[..., Path], tmp_path: Path) -> None:
    looped = write_wordnet(animal=(["animal"], ["mouse"], []))
    (tmp_path / "out.npz").write_text("what was there")
    with pytest.raises(TaxonomyError, match="this is no taxonomy: the hypernym relation has a cycle"):
        build_taxonomy(looped, tmp_path / "out.npz")
    assert (tmp_path / "out.npz").read_text() == "what was there"


@pytest.mark.parametrize(
    "error", [KeyError("n"), IndexError(), AttributeError("name"), ValueError("x"), StopIteration()]
)
def test_whatever_the_reader_meets_in_damaged_files_is_told(
    error: Exception, wordnet: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(reader: object) -> None:
        raise error

    monkeypatch.setattr("compose.graphs.taxonomy.build_taxonomy.taxonomy_arrays", fail)
    with pytest.raises(TaxonomyError, match="WordNet's files are damaged: they name synsets that are not there"):
        build_taxonomy(wordnet, tmp_path / "little.npz")
