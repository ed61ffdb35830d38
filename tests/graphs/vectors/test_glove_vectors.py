from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import torch

from compose.block import BlockError
from compose.graphs import MissingLabels, VectorFileError
from compose.graphs.vectors import glove_vectors
from compose.graphs.vectors.glove_vectors import GloveVectors

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


WAYS: dict[str, Callable[[str], str]] = {
    "tabs": lambda text: text.replace("at name", "at_").replace(". . .", "...").replace(" ", "\t"),
    "a tab after the word": lambda text: "".join(
        "\t".join((line.rsplit(" ", 3)[0], " ".join(line.rsplit(" ", 3)[1:]))) + "\n" for line in text.splitlines()
    ),
    "two blanks": lambda text: text.replace(" ", "  "),
    "blanks at the end": lambda text: text.replace("\n", " \t\n"),
    "a byte order mark": lambda text: "\ufeff" + text,
    "a mark and word2vec's first line": lambda text: f"\ufeff13\t3\n{text}",
    "Windows' lines": lambda text: text.replace("\n", "\r\n"),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("packed", [False, True])
def test_other_blanks_and_marks(tmp_path: Path, way: str, packed: bool) -> None:
    text = WAYS[way](TEXT).encode()
    path = write(tmp_path / "glove.txt", gzip.compress(text) if packed else text)
    vectors = GloveVectors(path, missing="mean")
    assert vectors.dim == 3
    labels = ["the", "dog", "polar bear", "t-shirt", "London"]
    expected = [[0.1, 0.2, -0.3], [1, 2, 3], [0.5, 0.5, 0], [0.5, 0.5, 0.5], [6, 5, 4]]
    np.testing.assert_allclose(vectors(labels, [None] * 5), expected, rtol=1e-6)
    assert vectors.notes(labels) == []


def test_words_with_blanks_before_a_tab(tmp_path: Path) -> None:
    rows = "".join(f"class {i}\t0.{i} 0.5 1\n" for i in range(1, 5))
    vectors = GloveVectors(write(tmp_path / "g.txt", rows + "new york\t1\t2\t3\n"))
    assert vectors.dim == 3
    np.testing.assert_allclose(vectors(["class 3", "new york"], [None] * 2), [[0.3, 0.5, 1], [1, 2, 3]], rtol=1e-6)


def test_utf16_is_refused(tmp_path: Path) -> None:
    with pytest.raises(VectorFileError, match="expected UTF-8, found UTF-16"):
        one(write(tmp_path / "g.txt", TEXT.encode("utf-16")), "dog")


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


# --- words that the file does not have --------------------------------------------------------------------------------

GLUED = """the 1 1 1
on 0 1 0
web 1 0 0
design 0 1 0
open 0 0 1
source 2 0 0
net 0 2 0
torrent 0 0 2
NASA 4 5 6
at name@domain.com 9 9 9
"""
MEAN = [1.7, 1.9, 1.9]  # of all ten


@pytest.fixture
def glued(tmp_path: Path) -> Path:
    return write(tmp_path / "glued.txt", GLUED)


@pytest.mark.parametrize(
    ("label", "vector"),
    [
        ("web", [1, 0, 0]),
        ("webdesign", [0.5, 0.5, 0]),
        ("WebDesign", [0.5, 0.5, 0]),
        ("Open webdesign", [0.25, 0.25, 0.5]),  # the mean of the words, one of which is made
        ("open xq", [0, 0, 1]),
        (".net", [0, 2, 0]),
        ("web2.0", [1, 0, 0]),
        ("torrents", [0, 0, 2]),
        ("dise?o", MEAN),
        ("???", MEAN),
        ("", MEAN),
        ("xq/yq", MEAN),
        ("webat", MEAN),  # `at` opens a line, but has no vector
    ],
)
def test_split(glued: Path, label: str, vector: list[float]) -> None:
    (found,) = GloveVectors(glued, missing="split")([label], [None])
    np.testing.assert_allclose(found, vector, rtol=1e-6)


@pytest.mark.parametrize(
    ("label", "vector"), [("web", [1, 0, 0]), ("webdesign", MEAN), ("open webdesign", [0, 0, 1]), ("", MEAN)]
)
def test_mean(glued: Path, label: str, vector: list[float]) -> None:
    (found,) = GloveVectors(glued, missing="mean")([label], [None])
    np.testing.assert_allclose(found, vector, rtol=1e-6)


@pytest.mark.parametrize("missing", ["split", "mean"])
def test_a_labels_vector_depends_on_the_label_alone(glued: Path, missing: Literal["split", "mean"]) -> None:
    names = ["nasa", "webdesign", "NASA", "xq", "opens", "opensource", "at name@domain.com", "sourceopen", "source"]
    together = GloveVectors(glued, missing=missing)(names, [None] * len(names))
    for name, vector in zip(names, together, strict=True):
        assert GloveVectors(glued, missing=missing)([name], [None])[0].equal(vector), name
    assert together[2].tolist() == [4, 5, 6]


def test_the_mean_is_of_the_first_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(glove_vectors, "FREQUENT", 3)
    for text in (TEXT, "13 3\n" + TEXT):
        (found,) = GloveVectors(write(tmp_path / "w.txt", text), missing="mean")(["xq"], [None])
        np.testing.assert_allclose(found, [1.1 / 3, 1.2 / 3, -0.1], rtol=1e-6)


def test_notes_tell_what_became_of_labels(glued: Path) -> None:
    names = ["web", "webdesign", "open xq", "xq", "???"]
    assert GloveVectors(glued, missing="split").notes(names) == [
        "2 labels are made of other words of glued.txt: `webdesign` (web, design), `open xq` (open)",
        "2 labels are no word of glued.txt, and given the mean vector of its first 10,000 words: `xq`, `???`",
    ]
    assert GloveVectors(glued, missing="mean").notes(["webdesign"]) == [
        "1 label is no word of glued.txt, and given the mean vector of its first 10,000 words: `webdesign`"
    ]
    assert GloveVectors(glued, missing="split").notes(["web", "open source"]) == []
    assert GloveVectors(glued).notes(["web"]) == []


def test_the_file_is_not_read_again_for_the_notes(glued: Path) -> None:
    vectors, names = GloveVectors(glued, missing="split"), ["webdesign", "xq"]
    vectors(names, [None, None])
    glued.unlink()
    assert len(vectors.notes(names)) == 2


def test_the_error_says_how_to_go_on(glued: Path) -> None:
    with pytest.raises(MissingLabels, match=r"made of words that are there \(`missing: split`\)\.$"):
        GloveVectors(glued)(["webdesign"], [None])


def test_a_damaged_line_among_the_first_words(glued: Path) -> None:
    write(glued, GLUED.replace("design 0", "design x"))
    with pytest.raises(VectorFileError, match=r"glued\.txt:4: expected a word and 3 finite numbers"):
        GloveVectors(glued, missing="mean")(["xq"], [None])


# --- real files -------------------------------------------------------------------------------------------------------


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


def test_the_name_of_a_synset_is_looked_up_as_its_word(tmp_path: Path) -> None:
    path = tmp_path / "glove.txt"
    path.write_text("crane 1 2\ngreat 1 0\nwhite 0 1\n")
    vectors = GloveVectors(path)(["crane.n.04", "crane.n.05", "great_white.n.01", "crane"], [None] * 4)
    assert vectors.tolist() == [[1, 2], [1, 2], [0.5, 0.5], [1, 2]]
