"""How the file of the data source ``glosses`` is made."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compose.data.vectors.gloss_file import EMBEDDED, embedded_glosses, read_glosses
from compose.graphs import TaxonomyError
from compose.graphs.taxonomy.taxonomy import Taxonomy
from tools.build_glosses import build_glosses, gather, lemmas, main

# entity > {animal > {dog > puppy, cat}, plant > oak, rex (an instance of dog)}
WORDS = ["entity", "animal", "plant", "dog", "cat", "puppy", "oak", "Rex"]
PARENTS: list[list[int]] = [[], [0], [0], [1], [1], [3], [2], [3]]
GLOSSES = [
    "that which is",
    "a living thing that moves",
    "a living thing with leaves",
    'an animal that barks; "the dogs barked all night"',
    "an animal that purrs",
    "a young dog, a living animal",
    "a plant with leaves and living acorns",
    "a living dog of one animal lover",
]


def little() -> Taxonomy:
    return Taxonomy(
        version="0",
        offsets=np.arange(8) * 10,
        words=WORDS,
        word_starts=np.arange(9),
        senses=np.ones(8, np.int64),
        parents=np.array([p for parents in PARENTS for p in parents]),
        parent_starts=np.cumsum([0, *(len(parents) for parents in PARENTS)]),
        instance=np.array([False] * 6 + [True]),
        exceptions={"leaves": ["leaf"]},
    )


def test_gathering() -> None:
    made = gather(little(), GLOSSES, words=4, fewest_words=1, fewest_glosses=2, most_glosses=0.9)
    assert made.words == ("living", "animal", "leaves", "acorns")
    assert made.synsets.tolist() == [10, 20, 30, 40, 50, 60]  # no word of the entity's is counted; Rex is an instance
    assert made.bags.dense().tolist() == [
        [1, 0, 0, 0],
        [1, 0, 1, 0],
        [0, 1, 0, 0],
        [0, 1, 0, 0],
        [1, 1, 0, 0],
        [1, 0, 1, 1],
    ]
    assert made.labels.tolist() == [10]  # the entity has too many, the plant and the dog too few
    assert made.hypernyms.counts.tolist() == [0, 0, 1, 1, 1, 0]


def test_lemmas() -> None:
    gloss = 'two dogs, or an oak-tree; "cats: not these"; an Animal that barks "to the end'
    assert lemmas(gloss, little(), {}) == ["dog", "oak-tree", "animal", "barks"]


def test_of_equal_hypernyms_the_lowest() -> None:
    options: dict[str, Any] = {"words": 9, "fewest_words": 1, "most_glosses": 1.0, "fewest_glosses": 3}
    taxonomy = little()
    taxonomy.parents[1] = 1  # the plant is below the animal, as all is
    assert gather(taxonomy, ["living"] * 8, **options).labels.tolist() == [0, 10]
    assert gather(taxonomy, ["living", "", *["living"] * 6], **options).labels.tolist() == [10]


def test_refused_files(tmp_path: Path) -> None:
    with pytest.raises(TaxonomyError, match=r"data\.noun: cannot be read"):
        build_glosses(tmp_path, tmp_path / "out.npz")
    (tmp_path / "data.noun").write_text("  a licence\n00001740 03 n 01 entity 0 000 | that which is\n")
    with pytest.raises(TaxonomyError, match=r"expected the 82,115 nouns of WordNet 3\.0"):
        build_glosses(tmp_path, tmp_path / "out.npz")
    assert not (tmp_path / "out.npz").exists()


def test_the_file_is_made_by_the_script(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Where nltk has WordNet 3.0."""
    nltk = pytest.importorskip("nltk")
    try:
        folder = Path(str(nltk.data.find("corpora/wordnet")))
        main([str(folder), str(tmp_path / EMBEDDED)])
    except (LookupError, TaxonomyError):
        pytest.skip("nltk's WordNet 3.0 is not here, or not unpacked")
    made, stored = read_glosses(tmp_path / EMBEDDED), embedded_glosses()
    assert made.words == stored.words
    assert made.synsets.tolist() == stored.synsets.tolist()
    assert np.array_equal(made.bags.dense(), stored.bags.dense())
    assert np.array_equal(made.hypernyms.dense(), stored.hypernyms.dense())
    assert capsys.readouterr().out.startswith("14,124 glosses, 500 words (5.4 a gloss)\n289 labels (4.3 a gloss)")


def test_it_runs_as_documented(tmp_path: Path) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "tools.build_glosses", str(tmp_path), str(tmp_path / "out.npz")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
    )
    assert run.returncode == 2
    assert run.stderr.splitlines()[-1].endswith("data.noun: cannot be read (No such file or directory)")
