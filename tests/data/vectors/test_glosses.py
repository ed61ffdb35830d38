"""The data source of WordNet's definitions."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from compose.data.vectors.gloss_file import embedded_glosses, read_glosses, write_glosses
from compose.data.vectors.glosses import Glosses
from compose.graphs.taxonomy.taxonomy import load_taxonomy
from compose.graphs.vectors.wordnet_vectors import WordnetVectors
from compose.labels.label_space import LabelSpace
from tools.build_glosses import STOP_WORDS


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


def test_there_and_back(tmp_path: Path) -> None:
    stored = embedded_glosses()
    for name in ("one.npz", "two.npz"):
        write_glosses(tmp_path / name, stored)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "two.npz").read_bytes()
    again = read_glosses(tmp_path / "one.npz")
    assert (again.words, again.labels.tolist()) == (stored.words, stored.labels.tolist())
    assert np.array_equal(again.bags.dense(), stored.bags.dense())
    assert np.array_equal(again.hypernyms.dense(), stored.hypernyms.dense())
