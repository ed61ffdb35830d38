"""What is told of labels whose synset is a guess."""

from __future__ import annotations

from compose.data.publishers.label_set_table import label_set_table
from compose.data.source import LabelTable
from compose.graphs.label_graphs.wup_graph import WupGraph
from compose.graphs.taxonomy.lookup import find_synset
from compose.graphs.taxonomy.taxonomy import load_taxonomy
from compose.labels.label_space import LabelSpace
from compose.labels.sense_notes import nearer_senses, sense_notes


def guessed(name: str) -> LabelTable:
    names = tuple(entry.name for entry in label_set_table(name))
    return LabelTable(names, (True,) * len(names), (None,) * len(names))


def test_another_sense_that_is_far_nearer_is_told() -> None:
    found = {guess.label: (guess.first, guess.other) for guess in nearer_senses(guessed("coco"))}
    assert found == {"kite": ("kite.n.01", "kite.n.03"), "microwave": ("microwave.n.01", "microwave.n.02")}
    found = {guess.label: (guess.first, guess.other) for guess in nearer_senses(guessed("nus_wide"))}
    assert found["coral"] == ("coral.n.01", "coral.n.04")
    assert found["reflection"][0] == "contemplation.n.02"
    assert found["running"][0] == "run.n.05"
    assert len(found) == 9


def test_nothing_is_told_of_synsets_that_are_named() -> None:
    for name in ("coco", "nus_wide"):
        entries = label_set_table(name)
        names, synsets = tuple(e.name for e in entries), tuple(e.synset for e in entries)
        table = LabelTable(names, (True,) * len(names), synsets)
        assert sense_notes(table, names) == []


def test_labels_without_an_edge_are_told() -> None:
    table = LabelTable(("cat", "dog", "horse", "cow", "microwave"), (True,) * 5, (None,) * 5)
    space = LabelSpace(table, graph=WupGraph(0.5))
    assert space.isolated == ("microwave",)
    first, *_ = sense_notes(table, space.isolated)
    assert first.startswith(
        "as their first noun sense, labels have no edge but their loop: `microwave`; name the synset"
    )


def test_every_synset_of_the_tables_is_a_noun_of_wordnet() -> None:
    taxonomy = load_taxonomy()
    for name, count in (("coco", 80), ("nus_wide", 81)):
        entries = label_set_table(name)
        assert len({entry.name for entry in entries}) == count
        for entry in entries:
            assert entry.synset is not None
            synset = find_synset(taxonomy, entry.synset)
            assert synset is not None
            assert taxonomy.name(synset) == entry.synset
    coco = label_set_table("coco")
    assert [sum(s in e.seen_in for e in coco) for s in ("48/17", "64/16")] == [48, 64]
    assert [sum(s in e.unseen_in for e in coco) for s in ("48/17", "64/16")] == [17, 16]
    assert sum("65/16" in e.unseen_in for e in label_set_table("nus_wide")) == 16
