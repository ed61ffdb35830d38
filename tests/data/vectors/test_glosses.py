from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from compose.data.vectors.gloss_file import EMBEDDED, embedded_glosses, read_glosses, write_glosses
from compose.data.vectors.glosses import Glosses
from compose.graphs import TaxonomyError
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy
from compose.graphs.vectors.wordnet_vectors import WordnetVectors
from compose.labels.label_space import LabelSpace
from tools.build_glosses import STOP_WORDS, build_glosses, gather, lemmas, main

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


def test_facts() -> None:
    stored = embedded_glosses()
    times = np.bincount(stored.hypernyms.columns)
    assert (len(stored.bags), len(stored.words), len(stored.labels)) == (14_124, 500, 289)
    assert (times.min(), times.max(), np.median(times)) == (30, 3_347, 85)
    assert round(stored.bags.counts.mean(), 1) == 5.4
    assert round(stored.hypernyms.counts.mean(), 1) == 4.3
    assert stored.bags.counts.min() == 4
    assert set(np.unique(stored.bags.values)) <= set(range(1, 10))
    assert not STOP_WORDS & set(stored.words)


def test_labels_are_hypernyms() -> None:
    stored, taxonomy = embedded_glosses(), load_taxonomy()
    number = {offset: synset for synset, offset in enumerate(taxonomy.offsets.tolist())}
    labels = {number[offset]: column for column, offset in enumerate(stored.labels.tolist())}
    for row in np.random.default_rng(0).choice(len(stored.bags), 200).tolist():
        above, left = set(), [number[int(stored.synsets[row])]]
        while left:
            parents = taxonomy.hypernyms(left.pop())
            above.update(parents)
            left += parents
        expected = sorted(labels[synset] for synset in above if synset in labels)
        assert stored.hypernyms.take(np.array([row])).columns.tolist() == expected


def test_a_source() -> None:
    source = Glosses()
    assert source.shapes == {"features": (500,)}
    assert (len(source.labels.names), sum(source.labels.seen)) == (289, 180)
    assert source.check() == []
    examples = [source.split(split) for split in ("train", "val", "test")]  # type: ignore[arg-type]
    assert [len(part.columns()) for part in examples] == [180, 50, 59]
    rows = np.concatenate([part.rows for part in examples])
    assert len(np.unique(rows)) == len(rows) > 10_000
    for part in examples:
        batch = part[range(40)]
        assert (batch["features"].shape, batch["targets"].shape) == ((40, 500), (40, 289))
        assert (batch["targets"][:, part.columns()] == 1).any(1).all()
        assert batch["features"].count_nonzero(1).min() >= 4


def test_label_split_and_no_split() -> None:
    source = Glosses(protocol="label_split")
    assert len(set(source.split("train").rows) & set(source.split("test").rows)) > 3_000
    plain = Glosses(split=None)
    assert all(plain.labels.seen)
    assert sum(len(plain.split(split)) for split in ("train", "val", "test")) == 14_124 - 303  # type: ignore[arg-type]


def test_labels_have_vectors() -> None:
    vectors = LabelSpace(Glosses().labels, WordnetVectors(dim=64)).inputs("all")["labels_vectors"]
    assert vectors.shape == (289, 64)
    assert len(vectors.unique(dim=0)) == 289


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


def test_there_and_back(tmp_path: Path) -> None:
    stored = embedded_glosses()
    for name in ("one.npz", "two.npz"):
        write_glosses(tmp_path / name, stored)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    again = read_glosses(tmp_path / "one.npz")
    assert (again.words, again.labels.tolist()) == (stored.words, stored.labels.tolist())
    assert np.array_equal(again.bags.dense(), stored.bags.dense())
    assert np.array_equal(again.hypernyms.dense(), stored.hypernyms.dense())


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
        main(str(folder), str(tmp_path / EMBEDDED))
    except (LookupError, TaxonomyError):
        pytest.skip("nltk's WordNet 3.0 is not here, or not unpacked")
    made, stored = read_glosses(tmp_path / EMBEDDED), embedded_glosses()
    assert made.words == stored.words
    assert made.synsets.tolist() == stored.synsets.tolist()
    assert np.array_equal(made.bags.dense(), stored.bags.dense())
    assert np.array_equal(made.hypernyms.dense(), stored.hypernyms.dense())
    assert capsys.readouterr().out.startswith("14,124 glosses, 500 words (5.4 a gloss)\n289 labels (4.3 a gloss)")
