from __future__ import annotations

import zipfile
from importlib.resources import files
from pathlib import Path

import numpy as np
import pytest

from compose.graphs import TaxonomyError
from compose.graphs.taxonomy.taxonomy import EMBEDDED, load_taxonomy
from compose.graphs.taxonomy.taxonomy_file import read_arrays, write_arrays


@pytest.fixture
def stored(tmp_path: Path) -> Path:
    path = tmp_path / "nouns.npz"
    path.write_bytes((files("compose.graphs.taxonomy") / EMBEDDED).read_bytes())
    return path


def test_the_same_arrays_give_the_same_bytes(stored: Path, tmp_path: Path) -> None:
    arrays = read_arrays(stored)
    for name in ("a.npz", "b.npz"):
        write_arrays(tmp_path / name, arrays)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.npz") as archive:
        assert {member.compress_type for member in archive.infolist()} == {zipfile.ZIP_DEFLATED}
    again = read_arrays(tmp_path / "a.npz")
    assert all(np.array_equal(arrays[name], again[name]) for name in arrays)


@pytest.mark.parametrize("at", [0.001, 0.1, 0.5, 0.9, 0.9995])
def test_a_flipped_byte(stored: Path, at: float) -> None:
    content = bytearray(stored.read_bytes())
    content[int(at * len(content))] ^= 0x55
    stored.write_bytes(content)
    with pytest.raises(TaxonomyError, match=r"damaged|format") as caught:
        load_taxonomy(stored)
    assert caught.value.path == stored
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("keep", [0, 10, 1000, 500_000, 969_000])
def test_a_file_cut_off(stored: Path, keep: int) -> None:
    stored.write_bytes(stored.read_bytes()[:keep])
    with pytest.raises(TaxonomyError, match="damaged or no taxonomy file"):
        load_taxonomy(stored)


def test_content_that_does_not_match_its_checksum(stored: Path, tmp_path: Path) -> None:
    changed = tmp_path / "changed.npz"
    with zipfile.ZipFile(stored) as old, zipfile.ZipFile(changed, "w") as new:
        for name in old.namelist():
            content = bytearray(old.read(name))
            content[-1] ^= name == "parents.npy"
            new.writestr(name, bytes(content))
    with pytest.raises(TaxonomyError, match="does not match its checksum"):
        load_taxonomy(changed)


def test_another_npz(tmp_path: Path) -> None:
    np.savez(tmp_path / "other.npz", format=np.frombuffer(b"something else", dtype=np.uint8))
    with pytest.raises(TaxonomyError, match="expected the format `compose-taxonomy 1`"):
        load_taxonomy(tmp_path / "other.npz")


def test_pickles_are_not_read(stored: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "pickle.npz", format=np.array([object()], dtype=object))
    with pytest.raises(TaxonomyError, match="damaged or no taxonomy"):
        load_taxonomy(tmp_path / "pickle.npz")


@pytest.mark.parametrize("path", ["nowhere.npz", "."])
def test_no_file(tmp_path: Path, path: str) -> None:
    with pytest.raises(TaxonomyError, match=r"no such taxonomy file|damaged or no taxonomy file"):
        load_taxonomy(tmp_path / path)


def test_a_number_too_large_for_the_format(stored: Path, tmp_path: Path) -> None:
    arrays = read_arrays(stored)
    arrays["senses"] = arrays["senses"].astype(np.int64) + 255
    with pytest.raises(TaxonomyError, match="`senses` has numbers that do not fit"):
        write_arrays(tmp_path / "wide.npz", arrays)
