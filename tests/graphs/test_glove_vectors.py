from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch

from compose.block import BlockError
from compose.graphs import MissingLabels, VectorFileError
from compose.graphs.glove_vectors import GloveVectors

TEXT = """the 0.1 0.2 -0.3
polar 1 0 0
bear 0 1 0
t-shirt 0.5 0.5 0.5
shirt 9 9 9
t 8 8 8
dog 1 2 3
Dog 7 7 7
NASA 4 5 6
London 6 5 4
. . . 3 3 3
at name@domain.com 2 2 2
dog 5 5 5
"""


def write(path: Path, text: str | bytes = TEXT) -> Path:
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def one(path: Path, label: str) -> list[float]:
    found: list[float] = GloveVectors(path)([label], [None])[0].tolist()
    return found


@pytest.fixture
def glove(tmp_path: Path) -> Path:
    return write(tmp_path / "glove.txt")


def test_vectors_are_as_the_file_has_them(glove: Path) -> None:
    vectors = GloveVectors(glove)
    found = vectors(["dog", "the"], [None, None])
    assert vectors.dim == 3
    assert found.dtype == torch.float32
    torch.testing.assert_close(found, torch.tensor([[1, 2, 3], [0.1, 0.2, -0.3]]))


@pytest.mark.parametrize(
    ("label", "vector"),
    [
        ("dog", [1, 2, 3]),  # the first of two
        ("Dog", [1, 2, 3]),  # lower case first
        ("NASA", [4, 5, 6]),  # then as written
        ("london", [6, 5, 4]),  # then capitalised
        ("polar bear", [0.5, 0.5, 0]),
        ("Polar_Bear", [0.5, 0.5, 0]),
        ("polar-bear", [0.5, 0.5, 0]),
        ("the bear/dog", [1.1 / 3, 3.2 / 3, 2.7 / 3]),
        ("t-shirt", [0.5, 0.5, 0.5]),  # the label's own spelling before its words
        ("t shirt", [8.5, 8.5, 8.5]),
        (". . .", [3, 3, 3]),
        ("at name@domain.com", [2, 2, 2]),
    ],
)
def test_labels(glove: Path, label: str, vector: list[float]) -> None:
    np.testing.assert_allclose(one(glove, label), vector, rtol=1e-6)


def test_all_missing_labels_in_one_error(glove: Path) -> None:
    with pytest.raises(MissingLabels) as caught:
        GloveVectors(glove)(["dog", "bearr", "polar xq", "at"], [None] * 4)
    assert caught.value.missing == ["bearr", "polar xq", "at"]
    assert caught.value.nearest["bearr"] == ["bear"]
    assert str(caught.value).splitlines()[1:3] == [
        "  `bearr` (nearest: `bear`)",
        "  `polar xq`: no vector for `xq`",
    ]


@pytest.mark.parametrize("label", ["", " ", "-", "_ _"])
def test_a_label_without_words(glove: Path, label: str) -> None:
    with pytest.raises(MissingLabels) as caught:
        GloveVectors(glove)([label], [None])
    assert caught.value.missing == [label]


def test_gzip_by_content(tmp_path: Path) -> None:
    for name in ("glove.txt.gz", "glove.txt"):
        assert one(write(tmp_path / name, gzip.compress(TEXT.encode())), "polar bear") == [0.5, 0.5, 0]


def test_word2vecs_opening_line(tmp_path: Path) -> None:
    path = write(tmp_path / "w.txt", "13 3\n" + TEXT)
    assert GloveVectors(path).dim == 3
    assert one(path, "dog") == [1, 2, 3]


def test_line_ends_and_trailing_spaces(tmp_path: Path) -> None:
    for end in ("\r\n", " \n"):
        assert one(write(tmp_path / "w.txt", TEXT.replace("\n", end) + "\n"), "dog") == [1, 2, 3]
    assert one(write(tmp_path / "w.txt", TEXT.removesuffix("dog 5 5 5\n") + "end 1 1 1"), "end") == [1, 1, 1]


def test_the_dim_of_the_spec(glove: Path, tmp_path: Path) -> None:
    assert GloveVectors(tmp_path / "not-here.txt", dim=50).dim == 50
    assert GloveVectors(glove, dim=3).dim == 3
    with pytest.raises(BlockError, match=r"expected 3, as .*glove.txt has it, got 50") as caught:
        GloveVectors(glove, dim=50)(["dog"], [None])
    assert caught.value.parameter == "dim"
    with pytest.raises(BlockError, match="expected 3"):
        _ = GloveVectors(glove, dim=50).dim
    with pytest.raises(BlockError, match="expected a size of at least 1, got 0"):
        GloveVectors(glove, dim=0)


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("", None, "the file is empty"),
        ("\n\n", None, "the file is empty"),
        ("a 1 2\nb 1\nc 1 2\n" * 20, 2, "expected a word and 2 numbers, found 1 after the word"),
        ("a 1 2\ndog 1 x\n", 2, "expected a word and 2 finite numbers, found `dog 1 x`"),
        ("a 1 2\ndog 1 nan\n", 2, "expected a word and 2 finite numbers, found `dog 1 nan`"),
        ("a 1 2\n" * 200 + "b 1\n", 201, "expected a word and 2 numbers, found 1 after the word"),
        ("a 1 2\n" * 200_000 + "b 1\n", 200_001, "expected a word and 2 numbers, found 1 after the word"),
        ("3 2\na 1 2\ndog 1 x\n", 3, "expected a word and 2 finite numbers"),
        ("dog is an animal\ncat is one too\n", 1, "expected a word and its numbers, separated by spaces"),
        ("a\nb\n", 1, "expected a word and its numbers, separated by spaces"),
        ("a,1,2\nb,1,2\n", 1, "expected a word and its numbers, separated by spaces"),
        (b"PK\x03\x04....", None, "found a zip archive: unpack it first"),
        (gzip.compress(TEXT.encode() * 100)[:-20], None, "the gzip file is damaged or cut off"),
        (gzip.compress(TEXT.encode())[:-6] + b"......", None, "the gzip file is damaged or cut off"),
    ],
)
def test_bad_files(tmp_path: Path, text: str | bytes, line: int | None, problem: str) -> None:
    path = write(tmp_path / "bad.txt", text)
    with pytest.raises(VectorFileError) as caught:
        GloveVectors(path)(["dog", "a"], [None, None])
    assert problem in caught.value.problem
    assert caught.value.line == line
    assert str(caught.value).startswith(f"{path}:{line}: " if line else f"{path}: ")


def test_word2vecs_binary_format(tmp_path: Path) -> None:
    binary = b"2 3\ndog " + np.ones(3, np.float32).tobytes() + b"\ncat " + np.ones(3, np.float32).tobytes() + b"\n"
    with pytest.raises(VectorFileError, match=r"w\.bin:2: .* as in GloVe's text files"):
        GloveVectors(write(tmp_path / "w.bin", binary))(["dog"], [None])


@pytest.mark.parametrize("path", ["nowhere.txt", "."])
def test_no_file(tmp_path: Path, path: str) -> None:
    with pytest.raises(VectorFileError, match=r"no such file of word vectors|cannot be read"):
        GloveVectors(tmp_path / path)(["dog"], [None])


def test_lines_across_blocks(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(3000, 100)).round(5)
    lines = "".join(f"word{i} {' '.join(map(str, row))}\n" for i, row in enumerate(rows.tolist()))
    path = write(tmp_path / "large.txt", lines)
    assert path.stat().st_size > 2 << 20
    names = [f"word{i}" for i in range(3000)]
    np.testing.assert_array_equal(GloveVectors(path)(names, [None] * 3000).numpy(), rows.astype(np.float32))


@pytest.mark.parametrize(
    ("name", "dim", "words"),
    [
        ("glove.twitter.25d.11925.txt.gz", 25, ["water", "sky", "love"]),
        ("glove.wiki-gigaword.300d.nus-wide-1006.txt.gz", 300, ["water", "sky", "clouds"]),
    ],
)
def test_real_files(shared_glove: Callable[[str], Path], name: str, dim: int, words: list[str]) -> None:
    path = shared_glove(name)
    vectors = GloveVectors(path)
    found = vectors([*words, "water sky"], [None] * 4)
    lines = dict(line.split(" ", 1) for line in gzip.decompress(path.read_bytes()).decode().splitlines())
    expected = torch.tensor([[float(part) for part in lines[word].split()] for word in words])
    assert vectors.dim == dim
    torch.testing.assert_close(found[:3], expected)
    torch.testing.assert_close(found[3], expected[:2].mean(0))
