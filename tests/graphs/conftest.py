from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from compose.graphs.taxonomy.build_taxonomy import NEEDED, open_wordnet
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy

GLOVE = Path(__file__).parents[2].parent / "shared" / "data" / "glove"

Synset = tuple[list[str], list[str], list[str]]  # words, hypernyms, instance hypernyms
SYNSETS: dict[str, Synset] = {
    "entity": (["entity"], [], []),
    "animal": (["animal", "beast"], ["entity"], []),
    "pet": (["pet"], ["animal"], []),
    "mouse": (["mouse"], ["animal", "pet"], []),
    "device": (["Mouse", "computer_mouse"], ["entity"], []),
    "mickey": (["Mickey_Mouse"], [], ["mouse"]),
}


def _write(folder: Path, synsets: dict[str, Synset]) -> None:
    """A little WordNet in WordNet's own format, where a synset's number is its place in the file."""
    folder.mkdir()
    for part in ("verb", "adj", "adv"):
        for name in (f"data.{part}", f"index.{part}", f"{part}.exc"):
            (folder / name).write_text("")
    (folder / "data.adj").write_text("  WordNet 9.9 Copyright\n")
    (folder / "noun.exc").write_text("mice mouse\n")

    def lines(offsets: dict[str, int]) -> dict[str, str]:
        def pointers(symbol: str, names: list[str]) -> list[str]:
            return [f"{symbol} {offsets[name]:08d} n 0000" for name in names]

        return {
            key: f"{offsets[key]:08d} 03 n {len(words):02x} {' '.join(f'{word} 0' for word in words)} "
            f"{len(up) + len(instance):03d} {' '.join([*pointers('@', up), *pointers('@i', instance)])} | a gloss\n"
            for key, (words, up, instance) in synsets.items()
        }

    offsets, at = dict.fromkeys(synsets, 0), 0
    for key, line in lines(offsets).items():
        offsets[key], at = at, at + len(line)
    (folder / "data.noun").write_text("".join(lines(offsets).values()))
    senses: dict[str, list[str]] = {}
    for key, (words, _, _) in synsets.items():
        for word in words:
            senses.setdefault(word.lower(), []).append(f"{offsets[key]:08d}")
    index = [f"{w} n {len(o)} 0 {len(o)} 0 {' '.join(o)}\n" for w, o in sorted(senses.items())]
    (folder / "index.noun").write_text("".join(index))


@pytest.fixture(scope="session")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.fixture(scope="session")
def wordnet() -> Any:
    """nltk's reader of WordNet 3.0, where the user has it; a test without it is skipped."""
    nltk = pytest.importorskip("nltk")
    try:
        folder = Path(str(nltk.data.find("corpora/wordnet")))
    except LookupError:
        pytest.skip("nltk's WordNet is not here")
    if not all((folder / name).is_file() for name in [*NEEDED, "lexnames"]):
        pytest.skip("nltk's WordNet is not unpacked")
    reader = open_wordnet(folder)
    if reader.get_version() != "3.0":
        pytest.skip(f"nltk's WordNet is {reader.get_version()}, not 3.0")
    return reader


@pytest.fixture(autouse=True)
def cache_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """No test writes into the user's own cache folder."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path / "cache" / "compose"


@pytest.fixture
def shared_glove() -> Callable[[str], Path]:
    """A real GloVe file, where there is one; a test without it is skipped."""

    def find(name: str) -> Path:
        path = GLOVE / name
        if not path.is_file():
            pytest.skip(f"{name} is not here")
        return path

    return find


@pytest.fixture
def write_wordnet(tmp_path: Path) -> Callable[..., Path]:
    """Writes a little WordNet with these synsets changed, and returns its folder."""

    def write(**changed: Synset) -> Path:
        _write(tmp_path / "little", {**SYNSETS, **changed})
        return tmp_path / "little"

    return write
