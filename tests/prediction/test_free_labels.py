"""Labels that a user names freely: what a model is given of them is what an evaluation would give it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from compose.api.reading import read
from compose.data.kept_source import KeptSource
from compose.data.source import LabelTable
from compose.errors import UsageError
from compose.labels.external import external_classes
from compose.labels.kept_labels import KeptGraphs
from compose.prediction.free_labels import FreeLabels
from compose.prediction.label_meanings import sense_notes, words_of
from compose.training.prepare import Prepared, prepare

NAMES = ("dog", "cat", "crane", "sea", "hammer", "saw", "horse", "zebra", "truck")
SYNSETS = (None, None, "crane.n.04", None, None, "saw.n.02", None, None, None)
SEEN = (True,) * 6 + (False,) * 3
FORMS = [
    {},
    {"standardise": True, "length": 3.0, "constant": 2.0},
    {"normalise": False, "standardise": True},
    {"cosines": 40},
    {"clusters": 2},
    {"strict": True},
]


def made(known: int, labels: dict[str, Any], *, scores: str = "labels.vectors", **evaluate: Any) -> Prepared:
    """A model of pictures whose data has the first of the names as labels."""
    table = LabelTable(NAMES[:known], SEEN[:known], SYNSETS[:known])
    source = KeptSource("glyph_scenes", table, {"image": (3, 8, 8)})
    model: dict[str, Any] = {
        "backbone": {"use": "backbone", "arch": "conv64", "channels": [4]},
        "pooled": {"use": "reduce", "in": "backbone.last", "pattern": "b c h w -> b c"},
        "logits": {"use": "linear", "in": "pooled", "size": 16},
        "scores": {"use": "einsum", "in": [["logits", scores]], "pattern": "b d, l d -> b l"},
    }
    spec = read(
        {
            "name": "x",
            "data": {"use": "glyph_scenes", "size": 32},
            "labels": {"vectors": {"use": "wordnet", "dim": 16}, **labels},
            "model": model,
            "loss": {"rank": {"use": "ranknet", "in": "scores"}},
            "train": {"main": {"stage": "supervised"}},
            "evaluate": {"tasks": ["zsl", "gzsl"], **evaluate},
        }
    )
    return replace(prepare(spec), source=source)


@pytest.mark.parametrize("labels", FORMS)
@pytest.mark.parametrize("context", ["task", "all"])
def test_new_labels_are_given_as_if_the_data_had_them(labels: dict[str, Any], context: str) -> None:
    asked = dict.fromkeys(NAMES[6:])
    found = FreeLabels(made(6, labels, label_context=context), asked).in_use()
    expected = made(9, labels).space.inputs("unseen" if context == "task" else "all")
    assert set(found.inputs) == set(expected)
    for name, value in expected.items():
        torch.testing.assert_close(found.inputs[name], value, rtol=0, atol=0)
    assert found.chosen.names == NAMES[6:]
    assert found.columns == ((0, 1, 2) if context == "task" else (6, 7, 8))
    assert not any(found.chosen.seen)


def test_labels_of_the_run_keep_their_vectors() -> None:
    run = made(6, {"standardise": True})
    found = FreeLabels(run, {"Zebra": None, "Cat": None, "crane": None, "crane.n.05": None, "saw.n.02": None}).in_use()
    assert found.chosen.columns == (6, 1, 2, 7, 5)
    assert found.chosen.seen == (False, True, True, False, True)
    assert run.space.vectors is not None
    torch.testing.assert_close(found.inputs["labels_vectors"][[1, 2, 4]], run.space.vectors[[1, 2, 5]])


def test_a_name_of_another_sense_than_the_runs_is_another_label() -> None:
    found = FreeLabels(made(6, {}), {"crane": "crane.n.05", "lifting device": "n03126707"}).in_use()
    assert found.chosen.columns == (6, 2)  # the second is the run's crane by another name
    assert found.chosen.names == ("crane", "lifting device")
    assert found.chosen.synsets == ("crane.n.05", "crane.n.04")


def test_two_names_of_one_label() -> None:
    found = FreeLabels(made(6, {}), {"saw": None, "saw.n.02": None}).in_use()
    assert found.columns == (0, 0)
    assert len(found.inputs["labels_vectors"]) == 1


def test_a_seen_label_that_strict_has_dropped_is_none_that_was_trained_on() -> None:
    table = LabelTable(("dogs", "cat", "dog"), (True, True, False), (None, None, None))
    run = replace(made(3, {"strict": True}), source=KeptSource("x", table, {"image": (3, 8, 8)}))
    assert run.space.dropped == ("dogs",)
    found = FreeLabels(run, dict.fromkeys(["dogs", "zebra"])).in_use()
    assert found.chosen.seen == (False, False)
    torch.testing.assert_close(found.inputs["labels_base"], run.space.inputs("unseen")["labels_base"])


GRAPH = {"graph": {"use": "wup", "threshold": 0.7}}


@pytest.mark.parametrize("kept", [False, True])
def test_a_graph_is_made_anew_over_other_labels(kept: bool) -> None:
    run = made(6, GRAPH, label_context="all")
    if kept:
        names, edges = run.space.label_set("all").names, run.space.edges("all")
        run = replace(run, labels=replace(run.labels, graph=KeptGraphs({names: edges, (): edges[:, :0]})))
    inputs = FreeLabels(run, dict.fromkeys(NAMES[6:])).in_use().inputs
    expected = made(9, GRAPH).space.inputs("all")
    assert torch.equal(inputs["labels_graph"], expected["labels_graph"])
    assert torch.equal(inputs["labels_relations"], expected["labels_relations"])


def test_external_classes_that_are_a_label_asked_for_are_no_nodes_beside_it() -> None:
    run = prepare(read("zoo/rgcn-posvae.yaml"))
    assert run.labels.external is not None
    table, few = run.source.labels, slice(0, 3)
    others = external_classes(run.labels.external.labels, table).kept
    more = LabelTable(table.names + others.names[few], (*table.seen, *[False] * 3), table.synsets + others.synsets[few])
    found = FreeLabels(run, dict(zip(others.names[few], others.synsets[few], strict=True))).in_use().inputs
    expected = replace(run, source=KeptSource("glyph_scenes", more, run.source.shapes)).space.inputs("all")
    for name in ("labels_vectors", "external_vectors", "external_classes", "labels_graph", "labels_relations"):
        assert torch.equal(found[name], expected[name])
    assert len(run.space.inputs("all")["external_vectors"]) == len(expected["external_vectors"]) + 3


def test_labels_that_no_edge_joins_are_scored_beside_the_runs() -> None:
    run = made(6, GRAPH)
    joined = FreeLabels(run, dict.fromkeys(["horse", "zebra"])).in_use()
    assert joined.inputs["labels_graph"].max() == 1
    alone = FreeLabels(run, dict.fromkeys(["zebra", "truck"])).in_use()
    assert alone.columns == (6, 7)
    assert (
        "no two of the labels are joined in the label graph; they are scored beside the run's, 8 in all" in alone.notes
    )


def test_vectors_of_a_file(tmp_path: Path) -> None:
    words = {name: [float(i), 1.0] for i, name in enumerate((*NAMES[:6], "okapi"))}
    path = tmp_path / "words.txt"
    path.write_text("".join(f"{name} {row[0]} {row[1]}\n" for name, row in words.items()))
    run = made(6, {"vectors": {"use": "glove", "path": str(path)}, "normalise": False})
    found = FreeLabels(run, {"okapi.n.01": None, "Okapi": None}).in_use()
    assert found.inputs["labels_vectors"].tolist() == [[6.0, 1.0], [6.0, 1.0]]
    assert found.notes == ()
    with pytest.raises(UsageError, match=r"labels: 1 label is not in the word vectors(?s:.*)`okapy`.*nearest: `okapi`"):
        FreeLabels(run, {"okapy": None}).in_use()
    assert run.space.vectors is not None  # as read; then the file goes
    kept = replace(run, labels=replace(run.labels, vectors=run.space.kept_vectors))
    path.unlink()
    assert FreeLabels(kept, {"cat": None}).in_use().inputs["labels_vectors"].tolist() == [[1.0, 1.0]]
    with pytest.raises(UsageError, match=r"labels: .*words\.txt"):
        FreeLabels(kept, {"okapi": None}).in_use()


def test_names_that_are_no_nouns() -> None:
    with pytest.raises(UsageError, match=r"labels: 2 labels are not in WordNet(?s:.*)`zbra` \(nearest: `zebra`"):
        FreeLabels(made(6, {}), {"zbra": None, "queen.n.99": None, "okapi": None}).in_use()


def test_a_hundred_labels() -> None:
    from compose.graphs.taxonomy.taxonomy import load_taxonomy

    names = [name for name in load_taxonomy().lemmas() if name.isalpha()][:100]
    found = FreeLabels(made(6, {}), dict.fromkeys(names)).in_use()
    assert found.inputs["labels_vectors"].shape == (100, 16)
    assert len(found.notes) == 11


def test_weights_that_know_the_labels() -> None:
    run = made(6, {})
    spec = read(
        {
            **run.spec.values,
            "labels": {},
            "loss": {"task": {"use": "bce", "in": "scores"}},
            "model": {**run.spec.values["model"], "scores": {"use": "linear", "in": "pooled", "size": 6}},
            "evaluate": {"tasks": ["seen"]},
        }
    )
    fixed = replace(prepare(spec), source=run.source)
    found = FreeLabels(fixed, {"sea": None, "dog": None}).in_use()
    assert found.columns == (3, 0)
    told = r"labels: `catt` is none of the run's 6 \(did you mean `cat`\?\); the model can score no others: .*scores"
    with pytest.raises(UsageError, match=told):
        FreeLabels(fixed, {"sea": None, "catt": None})


def test_which_sense_is_taken() -> None:
    (told,) = sense_notes(["zebra", "Cranes"])
    assert told.startswith(
        "`Cranes` is taken as crane.n.01 (writer), its first noun sense; others are crane.n.02 (poet)"
    )
    assert told.endswith("and 1 more")


@pytest.mark.parametrize(
    ("name", "words"),
    [("south korean won", "south korean won"), ("polar_bear.n.01", "polar bear"), ("n02084071", "dog")],
)
def test_no_name_of_a_synset_reaches_word_vectors(name: str, words: str) -> None:
    assert words_of(name) == words
