"""``compose wordnet build``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from compose.graphs.taxonomy.taxonomy import load_taxonomy

pytest.importorskip("nltk")


@pytest.fixture
def wordnet(spec: Path) -> Path:
    """The folder ``wn`` with a WordNet of two nouns."""
    folder = Path("wn")
    folder.mkdir()
    for part in ("noun", "verb", "adj", "adv"):
        for name in (f"data.{part}", f"index.{part}", f"{part}.exc"):
            (folder / name).write_text("")
    (folder / "data.adj").write_text("  WordNet 9.9 Copyright\n")
    first = "00000000 03 n 01 entity 0 000 | a gloss\n"
    (folder / "data.noun").write_text(
        f"{first}{len(first):08d} 03 n 02 dog 0 hound 0 001 @ 00000000 n 0000 | a gloss\n"
    )
    places = {"dog": len(first), "entity": 0, "hound": len(first)}
    (folder / "index.noun").write_text("".join(f"{word} n 1 0 1 0 {at:08d}\n" for word, at in places.items()))
    return folder


def test_build(run: Any, wordnet: Path) -> None:
    result = run("wordnet", "build", wordnet, "little.npz")
    assert result.exit_code == 0, result.stderr
    size = Path("little.npz").stat().st_size
    assert result.stdout == f"wrote little.npz: WordNet 9.9, 2 synsets, 3 lemmas, {size:,} bytes\n"
    assert load_taxonomy(Path("little.npz")).synset_words(1) == ["dog", "hound"]


@pytest.mark.parametrize(
    ("words", "code", "expected"),
    [
        (["nowhere", "a.npz"], 2, "nowhere: there is no such folder"),
        (["wn", "a.zip"], 2, "a.zip: expected a name that ends in .npz"),
        (["wn", "no/a.npz"], 2, "no/a.npz: there is no folder no"),
        (
            [".", "a.npz"],
            1,
            ".: expected WordNet's files (data.noun, index.noun, noun.exc ...), but none of them is there",
        ),
    ],
)
def test_mistakes(words: list[str], code: int, expected: str, run: Any, wordnet: Path) -> None:
    result = run("wordnet", "build", *words)
    assert result.exit_code == code
    assert result.stderr == f"error: {expected}\n"
    assert not Path("a.npz").exists()


def test_damaged_files(run: Any, wordnet: Path) -> None:
    text = (wordnet / "data.noun").read_text()
    (wordnet / "data.noun").write_text(text[: text.index("\n") + 1])
    result = run("wordnet", "build", wordnet, "a.npz")
    assert result.exit_code == 1
    assert result.stderr == "error: wn: WordNet's files are damaged: they name synsets that are not there\n"


def test_help(run: Any) -> None:
    assert " build " in run("wordnet", "--help").stdout
    result = run("wordnet", "build", "--help")
    assert result.exit_code == 0
    assert "WordNet's files" in result.stdout
    assert " wordnet " in run("--help").stdout
