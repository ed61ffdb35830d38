from __future__ import annotations

import numpy as np
import pytest

from compose.data.drawn.glyph_table import GlyphTable, glyph_table
from compose.graphs.taxonomy.lookup import find_synset
from compose.graphs.taxonomy.taxonomy import Taxonomy, load_taxonomy


@pytest.fixture(scope="module")
def table() -> GlyphTable:
    return glyph_table()


@pytest.fixture(scope="module")
def taxonomy() -> Taxonomy:
    return load_taxonomy()


@pytest.fixture(scope="module")
def synsets(table: GlyphTable, taxonomy: Taxonomy) -> list[int]:
    found = [find_synset(taxonomy, synset or "") for synset in table.labels.synsets]
    assert None not in found
    return [synset for synset in found if synset is not None]


def test_sizes(table: GlyphTable) -> None:
    labels = table.labels
    assert (len(labels.names), sum(labels.seen), len(table.unseen_leaves)) == (161, 128, 16)
    assert len(set(labels.names)) == 161
    assert len(table.glyphs) == 502


def test_every_label_is_a_word_of_its_synset(table: GlyphTable, taxonomy: Taxonomy, synsets: list[int]) -> None:
    for name, synset in zip(table.labels.names, synsets, strict=True):
        assert name in [word.lower() for word in taxonomy.synset_words(synset)]


def test_no_seen_label_is_an_unseen_ones_synset(synsets: list[int]) -> None:
    assert len(set(synsets)) == len(synsets)


def test_the_labels_are_closed_under_hypernyms(table: GlyphTable, taxonomy: Taxonomy, synsets: list[int]) -> None:
    """A glyph that shows a label shows all of its hypernyms in the table."""
    columns = {synset: column for column, synset in enumerate(synsets)}
    for column, synset in enumerate(synsets):
        for ancestor in taxonomy.closure(np.array([synset]))[1].tolist():
            if ancestor in columns:
                assert (table.shows[:, columns[ancestor]] >= table.shows[:, column]).all()


def test_a_hypernym_shows_nothing_of_its_own(table: GlyphTable, taxonomy: Taxonomy, synsets: list[int]) -> None:
    leaves = [column for column, name in enumerate(table.labels.names) if name in table.leaves]
    above = {column: set(taxonomy.closure(np.array([synsets[column]]))[1].tolist()) for column in leaves}
    for column, name in enumerate(table.labels.names):
        if name not in table.leaves:
            below = [leaf for leaf in leaves if synsets[column] in above[leaf]]
            assert (table.shows[:, column] == table.shows[:, below].any(1)).all()


def test_the_training_pool_has_no_glyph_of_an_unseen_leaf(table: GlyphTable) -> None:
    drawn = {row for rows in table.pool(table.unseen_leaves) for row in rows}
    unseen = [table.labels.names.index(name) for name in table.unseen_leaves]
    assert not table.shows[sorted(drawn)][:, unseen].any()
    assert table.glyphs.index(0x1F63E) not in drawn  # a pouting cat: a seen animal with an unseen face
    assert len(drawn) == 502 - sum(map(len, ({r for n in table.unseen_leaves for r in table.leaves[n]},)))


def test_every_seen_label_can_be_drawn_in_training(table: GlyphTable) -> None:
    drawn = sorted({row for rows in table.pool(table.unseen_leaves) for row in rows})
    assert table.shows[drawn][:, np.array(table.labels.seen)].any(0).all()


def test_the_test_pool_has_all_glyphs(table: GlyphTable) -> None:
    assert {row for rows in table.pool() for row in rows} == set(range(502))
