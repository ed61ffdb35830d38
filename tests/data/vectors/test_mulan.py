from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from compose.block import BlockError
from compose.data.source import DataError
from compose.data.vectors.delicious import Delicious
from compose.data.vectors.mulan import Mulan

WORDS = ("apache", "bed", "blinked")
TAGS = ("TAG_??", "TAG_cat", "TAG_dise?o", "TAG_work")
ATTRIBUTES = "".join(f"@attribute {name} {{0,1}}\n" for name in (*WORDS, *TAGS))
TRAIN = "{0 1,3 1,4 1}\n{1 1,6 1}\n{0 1,3 1,4 1}\n{2 1,4 1,5 1}\n{0 1,2 1}\n"
# the same attributes in another order, in dense rows; the second row is there before
TEST_ATTRIBUTES = "".join(f"@attribute {name} {{0,1}}\n" for name in (*reversed(TAGS), *WORDS))
TEST = "1,0,?,0,1,1,0\n1,0,0,0,0,1,0\n0,1,0,0,?,0,1\n"
FEATURES = [[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 0, 1], [1, 1, 0], [0, 0, 1]]
TARGETS = [[1, 1, -1, -1], [-1, -1, -1, 1], [-1, 1, 1, -1], [-1, -1, -1, -1], [-1, 0, -1, 1], [-1, -1, 1, -1]]
NAMES = ["??", "cat", "dise?o", "work"]


def xml(*names: str) -> str:
    labels = "".join(f'<label name="{name}"></label>\n' for name in names)
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n'
        f'<labels xmlns="http://mulan.sourceforge.net/labels">\n{labels}</labels>\n'
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Tags-train.arff").write_text(f"@relation tags_train\n\n{ATTRIBUTES}\n@data\n{TRAIN}")
    (tmp_path / "Tags-test.arff").write_text(f"@relation tags_test\n\n{TEST_ATTRIBUTES}\n@data\n{TEST}")
    (tmp_path / "Tags.xml").write_text(xml(*TAGS))
    return tmp_path


def tags(folder: Path, **options: Any) -> Mulan:
    return Mulan(folder, **{"prefix": "TAG_", **options})


def refusal(folder: Path | None, **options: Any) -> tuple[str | None, str]:
    with pytest.raises(BlockError) as error:
        Mulan(folder, **options)
    return error.value.parameter, str(error.value).replace(f"{folder}/", "").replace(f"{folder}", "FOLDER")


def every(source: Mulan, split: Any) -> dict[str, torch.Tensor]:
    examples = source.split(split)
    return examples[range(len(examples))]


def test_a_source(folder: Path) -> None:
    source = tags(folder, split={"test": ["work"]}, protocol="label_split")
    assert source.labels.names == ("??", "cat", "dise?o", "work")
    assert source.labels.seen == (True, True, True, False)
    assert source.shapes == {"features": (3,)}
    assert source.gives == ("features",)
    assert source.check() == []
    batch = source.split("train")[[0, 1]]
    assert {name: value.dtype for name, value in batch.items()} == {
        "features": torch.float32,
        "targets": torch.int8,
    }
    with pytest.raises(DataError, match=r"a\.jpg: expected a data source of pictures, got `mulan`"):
        source.read_image("a.jpg")


def test_examples_of_both_files(folder: Path) -> None:
    source = tags(folder, duplicates="drop", fractions=(1, 0, 0))
    batch = every(source, "train")
    assert batch["features"].tolist() == FEATURES
    assert batch["targets"].tolist() == TARGETS


def test_duplicates(folder: Path) -> None:
    kept = every(tags(folder, duplicates="keep", fractions=(1, 0, 0)), "train")
    assert kept["features"].tolist() == [FEATURES[i] for i in (0, 1, 0, 2, 3, 4, 1, 5)]
    assert "examples that equal an earlier one and are left out: 2" in tags(folder).notes()


def test_indices_run_on_over_the_epochs(folder: Path) -> None:
    examples = tags(folder, fractions=(1, 0, 0)).split("train")
    assert examples[[7, 0, 7]]["features"].tolist() == [FEATURES[i] for i in (1, 0, 1)]


def test_label_split(folder: Path) -> None:
    source = tags(folder, split={"train": ["cat"], "val": ["dise?o"], "test": ["work", "??"]}, protocol="label_split")
    carried = {"train": [0, 2], "val": [2, 5], "test": [0, 1, 4]}
    for split, rows in carried.items():
        examples = source.split(split)  # type: ignore[arg-type]
        assert examples[range(len(rows))]["features"].tolist() == [FEATURES[row] for row in rows]
        assert examples[range(len(rows))]["targets"].tolist() == [TARGETS[row] for row in rows]


def test_example_split_keeps_the_test_file_apart(folder: Path) -> None:
    for seed in range(4):
        source = tags(folder, split={"train": ["cat", "work"], "test": ["dise?o"]}, seed=seed)
        test = source.split("test")
        assert test[range(len(test))]["features"].tolist() == [FEATURES[5]]
        assert not set(test.rows) & set(source.split("train").rows)


def test_labels_of_each_example(folder: Path) -> None:
    source = tags(folder, split={"train": ["cat", "??"], "test": ["dise?o", "work"]}, protocol="label_split")
    for split, columns in (("train", [0, 1]), ("test", [2, 3])):
        examples = source.split(split)  # type: ignore[arg-type]
        starts, carried = examples.positives()
        targets = examples[range(len(examples))]["targets"].numpy()
        assert [part.tolist() for part in np.split(carried, starts[1:-1])] == [
            np.flatnonzero(row == 1).tolist() for row in targets
        ]
        assert examples.columns().tolist() == columns


def test_dropped_labels_are_neither_targets_nor_features(folder: Path) -> None:
    source = tags(folder, drop=["??", "TAG_work"], fractions=(1, 0, 0))
    assert source.labels.names == ("cat", "dise?o")
    batch = every(source, "train")
    assert batch["features"].tolist() == FEATURES
    assert batch["targets"].tolist() == [row[1:3] for row in TARGETS]


def test_one_file(folder: Path) -> None:
    (folder / "Tags-test.arff").unlink()
    (folder / "Tags-train.arff").rename(folder / "tags.ARFF")
    source = tags(folder, duplicates="keep", fractions=(1, 0, 0))
    assert every(source, "train")["features"].tolist() == [FEATURES[i] for i in (0, 1, 0, 2, 3)]


def test_explicit_files(folder: Path, tmp_path: Path) -> None:
    (folder / "Tags-train.arff").rename(folder / "a")
    (folder / "Tags.xml").rename(folder / "c")
    source = Mulan(train=folder / "a", test=folder / "Tags-test.arff", labels=folder / "c", fractions=(1, 0, 0))
    assert source.labels.names == TAGS
    assert every(source, "train")["targets"].tolist() == TARGETS


def test_the_order_of_the_xml_file(folder: Path) -> None:
    (folder / "Tags.xml").write_text(xml("TAG_work", "TAG_cat"))
    source = tags(folder, fractions=(1, 0, 0))
    assert source.labels.names == ("work", "cat")
    assert source.shapes == {"features": (5,)}
    assert every(source, "train")["targets"][:2].tolist() == [[-1, 1], [1, -1]]
    assert every(source, "train")["features"][0].tolist() == [1, 0, 0, 1, 0]


def test_labels_under_labels(folder: Path) -> None:
    (folder / "Tags.xml").write_text('<labels><label name="TAG_work"><label name="TAG_cat"/></label></labels>')
    assert tags(folder).labels.names == ("work", "cat")


def test_numeric_features_and_labels(folder: Path) -> None:
    header = "@attribute cat numeric\n@attribute width numeric\n@attribute sure {NO,YES}\n@data\n"
    (folder / "n.arff").write_text(header + "1,2.5,YES\n0,?,NO\n?,-3,?\n")
    (folder / "n.xml").write_text(xml("cat"))
    source = Mulan(train=folder / "n.arff", labels=folder / "n.xml", fractions=(1, 0, 0))
    batch = every(source, "train")
    assert batch["features"].tolist() == [[2.5, 1], [0, 0], [-3, 0]]
    assert batch["targets"].tolist() == [[1], [-1], [0]]
    assert source.notes()[0] == "missing features, taken as 0: 2"
    (folder / "n.arff").write_text(header + "0.5,1,NO\n")
    source = Mulan(train=folder / "n.arff", labels=folder / "n.xml")
    assert source.check() == [f"{folder / 'n.arff'}:5: expected 0 or 1 for `cat`, got `0.5`"]


def test_names(folder: Path) -> None:
    source = tags(folder, rename={"dise?o": "diseño", "TAG_cat": "Cat"}, split={"test": ["TAG_dise?o"], "val": ["cat"]})
    assert source.labels.names == ("??", "Cat", "diseño", "work")
    assert source.labels.seen == (True, False, False, True)
    assert tags(folder, punctuation="drop").labels.names == ("cat", "dise?o", "work")
    (note,) = [note for note in tags(folder).notes() if "damaged" in note]
    assert note == "names that look damaged: `dise?o`; `rename` mends them, `drop` leaves them out"
    assert not [note for note in source.notes() if "damaged" in note]


def test_delicious_is_mulan_with_its_names(folder: Path) -> None:
    source = Delicious(folder)
    assert source.labels.names == ("cat", "dise?o", "work")
    assert Delicious(folder, punctuation="keep", drop=["??"]).labels.names == source.labels.names
    assert Delicious(folder, prefix="", drop=["TAG_cat"]).labels.names == ("TAG_??", "TAG_dise?o", "TAG_work")


def test_notes(folder: Path) -> None:
    source = tags(folder, split={"train": ["cat", "work"], "test": ["dise?o"]}, protocol="label_split")
    assert source.notes()[-1] == "labels that are in no split and left out: 1"
    source = tags(folder, split={"train": ["cat", "work"], "test": ["dise?o", "TAG_??"]}, punctuation="drop")
    assert source.labels.names == ("cat", "dise?o", "work")
    assert "labels that `split` names and `drop` or `punctuation` leaves out: `??`" in source.notes()
    assert not [note for note in tags(folder, punctuation="drop").notes() if "`split` names" in note]
    source = tags(folder, split={"train": ["cat", "work"], "test": ["dise?o", "??"]})
    assert "a task needs 2 examples of a label; in `test` `??` has 0, `dise?o` has 1" in source.notes()


def test_damaged_rows_are_all_named(folder: Path) -> None:
    train, test = folder / "Tags-train.arff", folder / "Tags-test.arff"
    train.write_text(train.read_text() + "{0 1,99 1}\nhello\n")
    test.write_text(test.read_text() + "1,2,3\n")
    source = tags(folder)
    problems = [
        f"{train}:17: expected attributes from 0 to 6, got 99",
        f"{train}:18: expected 7 values, got 1",
        f"{test}:15: expected 7 values, got 3",
    ]
    assert source.check() == problems
    with pytest.raises(DataError) as error:
        source.split("train")
    assert str(error.value).splitlines() == problems


def test_no_rows(folder: Path) -> None:
    (folder / "Tags-test.arff").write_text(f"{ATTRIBUTES}@data\n")
    source = tags(folder)
    assert source.check() == [f"{folder / 'Tags-test.arff'}: expected rows after `@data`, but there are none"]
    assert source.notes()[0].startswith("names that look damaged")


def test_a_split_without_examples(folder: Path) -> None:
    source = tags(folder, split={"train": ["cat", "work"], "test": ["??"]})
    with pytest.raises(DataError, match="there are no examples in the split `test`"):
        source.split("test")


@pytest.mark.parametrize(
    ("options", "parameter", "message"),
    [
        ({"split": {"train": 2, "test": 3}}, "split", "expected at most 4 labels, got 2 + 3"),
        ({"split": {"test": ["diseño"]}}, "split.test", "no such label among 4: `diseño` (did you mean `dise?o`?)"),
        ({"drop": ["TAG_dog"]}, "drop", "no such label among 4: `TAG_dog`"),
        ({"rename": {"diseño": "x"}}, "rename", "no such label among 4: `diseño` (did you mean `dise?o`?)"),
        ({"rename": {"cat": "work"}}, "rename", "two labels would be called `work`"),
        (
            {"protocol": "label_split"},
            "protocol",
            "expected `split` to divide the labels: without it all splits would be the same",
        ),
        (
            {"protocol": "label_split", "fractions": (0.5, 0.2, 0.3)},
            "fractions",
            "expected no shares: in `label_split` all splits have all examples",
        ),
        ({"fractions": (0.5, 0.2, 0.2)}, "fractions", "expected three shares that add up to 1, got [0.5, 0.2, 0.2]"),
        (
            {"labels": Path("none.xml")},
            "labels",
            "none.xml: expected an XML file of labels (No such file or directory)",
        ),
        ({"test": Path("none.arff")}, "test", "none.arff: cannot be read (No such file or directory)"),
    ],
)
def test_refused(folder: Path, options: dict[str, Any], parameter: str, message: str) -> None:
    found, said = refusal(folder, **{"prefix": "TAG_", **options})
    assert (found, said.startswith(message)) == (parameter, True), said


def test_refused_prefix(folder: Path) -> None:
    text = (folder / "Tags-train.arff").read_text()
    (folder / "Tags-train.arff").write_text(text.replace("apache", "cat"))
    (folder / "Tags-test.arff").unlink()
    (folder / "Tags.xml").write_text(xml("TAG_cat", "cat"))
    assert refusal(folder, prefix="TAG_") == ("prefix", "two labels would be called `cat`")


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            xml("TAG_cat", "TAG_diseño"),
            "no such attribute in Tags-train.arff: `TAG_diseño` (did you mean `TAG_dise?o`?)",
        ),
        (xml("TAG_cat", "TAG_cat"), "the label `TAG_cat` is named twice"),
        (xml(), 'expected `<label name="...">`, but there is none'),
        (xml(*WORDS, *TAGS), "expected features in Tags-train.arff, but there are only labels"),
        ("<labels><label", "expected an XML file of labels (unclosed token: line 1, column 8)"),
    ],
)
def test_refused_labels(folder: Path, content: str, message: str) -> None:
    (folder / "Tags.xml").write_text(content, "utf-8")
    assert refusal(folder) == ("labels", f"Tags.xml: {message}")


def test_labels_that_are_words(folder: Path) -> None:
    (folder / "Tags-test.arff").unlink()
    text = (folder / "Tags-train.arff").read_text()
    (folder / "Tags-train.arff").write_text(text.replace("TAG_cat {0,1}", "TAG_cat {no,yes}"))
    message = "Tags.xml: expected labels of the values {0,1} in Tags-train.arff, but others have `TAG_cat`"
    assert refusal(folder) == ("labels", message)


def test_refused_files(folder: Path) -> None:
    assert refusal(folder / "nowhere") == ("folder", "there is no folder FOLDER")
    assert refusal(None) == ("train", "expected `folder`, or `train` as well")
    assert refusal(None, train=folder / "Tags-train.arff") == ("labels", "expected `folder`, or `labels` as well")
    (folder / "more.xml").write_text(xml("TAG_cat"))
    assert refusal(folder) == ("folder", "expected one XML file of labels in FOLDER, got Tags.xml, more.xml")
    (folder / "more-train.arff").write_text("")
    message = "expected `*train.arff`, or one ARFF file, in FOLDER, got Tags-train.arff, more-train.arff"
    assert refusal(folder) == ("folder", message)
    (folder / "Tags-test.arff").write_text("@attribute cat {0,1}\n@attribute bed {1,2}\n@data\n")
    parameter, message = refusal(folder, train=folder / "Tags-train.arff", test=folder / "Tags-test.arff",
                                 labels=folder / "Tags.xml")  # fmt: skip
    assert (parameter, message) == (
        "test",
        "expected the attributes of Tags-train.arff in Tags-test.arff, but these differ: "
        "`cat`, `bed`, `apache`, `blinked`, `TAG_??` and 3 more",
    )


def test_labels_declared_the_other_way_round(tmp_path: Path) -> None:
    """What a sparse row leaves out is then 1; the test file may declare them otherwise."""
    head = "@relation x\n@attribute a numeric\n"
    labels = "@attribute L1 {1,0}\n@attribute L2 {1,0}\n"
    (tmp_path / "d-train.arff").write_text(f"{head}{labels}@data\n{{0 1,1 0}}\n{{0 2,2 0}}\n{{0 3,1 0,2 0}}\n{{}}\n")
    turned = labels.replace("{1,0}", "{0,1}")
    (tmp_path / "d-test.arff").write_text(f"{head}{turned}@data\n{{0 4,1 1}}\n{{0 5}}\n")
    (tmp_path / "d.xml").write_text(xml("L1", "L2"))
    source = Mulan(tmp_path, fractions=(0.5, 0.25, 0.25))
    assert source.check() == []
    found = {
        row["features"].item(): row["targets"][0].tolist()
        for split in ("train", "val", "test")
        for row in (source.split(split)[[i]] for i in range(len(source.split(split))))
    }
    assert found == {1: [-1, 1], 2: [1, -1], 3: [-1, -1], 0: [1, 1], 4: [1, -1], 5: [-1, -1]}


GENBASE = """@relation genbase
@attribute protein {P41007,O05106,Q45712}
@attribute PS00010 {YES,NO}
@attribute PS00011 {YES,NO}
@attribute PDOC00154 {0,1}
@attribute PDOC00343 {0,1}
@data
P41007,YES,NO,1,0
O05106,NO,YES,0,1
Q45712,NO,NO,1,1
"""
FOODTRUCK = """@relation foodtruck
@attribute frequency numeric [0,5]
@attribute time {dawn,dinner,'happy hour, late',lunch}
@attribute gender {F,M}
@attribute 'average.income' {1,2,3}
@attribute has.work {0,1}
@attribute street_food {0,1}
@attribute gourmet {0,1}
@data
4,lunch,F,2,1,1,0
2,'happy hour, late',M,3,0,0,1
5,dawn,M,1,1,1,1
"""


def test_words_are_left_out_by_name(tmp_path: Path) -> None:
    """Files of the forms of Mulan's genbase and foodtruck."""
    for name, text, labels, dims, words in (
        ("genbase", GENBASE, ("PDOC00154", "PDOC00343"), 2, "protein"),
        ("foodtruck", FOODTRUCK, ("street_food", "gourmet"), 4, "time"),
    ):
        folder = tmp_path / name
        folder.mkdir()
        (folder / f"{name}.arff").write_text(text)
        (folder / f"{name}.xml").write_text(xml(*labels))
        source = Mulan(folder, fractions=(1, 0, 0))
        assert source.labels.names == labels
        assert source.shapes == {"features": (dims,)}
        assert source.check() == []
        assert source.notes()[0] == f"attributes that are no numbers and are left out: `{words}`"
        train = every(source, "train")
        assert train["targets"].tolist() == [[1, -1], [-1, 1], [1, 1]]
    assert train["features"].tolist() == [[4, 0, 2, 1], [2, 1, 3, 0], [5, 1, 1, 1]]


def test_other_words_in_the_test_file(tmp_path: Path) -> None:
    head, _ = GENBASE.split("@data\n")
    (tmp_path / "g-train.arff").write_text(GENBASE)
    (tmp_path / "g-test.arff").write_text(head.replace("P41007,O05106,Q45712", "A,B,C,D") + "@data\nB,NO,NO,0,1\n")
    (tmp_path / "g.xml").write_text(xml("PDOC00154", "PDOC00343"))
    assert len(Mulan(tmp_path, fractions=None).split("test")) == 1
    (tmp_path / "g-test.arff").write_text(GENBASE.replace("PS00010 {YES,NO}", "PS00010 {NO,YES}"))
    parameter, message = refusal(tmp_path)
    assert (parameter, message.rpartition(": ")[2]) == ("test", "`PS00010`")


def test_no_features_but_words(tmp_path: Path) -> None:
    (tmp_path / "w.arff").write_text("@attribute a string\n@attribute cat {0,1}\n@data\nx,1\n")
    (tmp_path / "w.xml").write_text(xml("cat"))
    message = "w.xml: expected features that are numbers in w.arff, but there are only words"
    assert refusal(tmp_path) == ("labels", message)


def test_the_real_delicious() -> None:
    """Where COMPOSE_DELICIOUS names the folder of the real files."""
    folder = Path(os.environ.get("COMPOSE_DELICIOUS", ""))
    if "COMPOSE_DELICIOUS" not in os.environ or not folder.is_dir():
        pytest.skip("Delicious is not here")
    source = Delicious(folder, duplicates="keep")
    assert source.check() == []
    assert source.shapes == {"features": (500,)}
    assert sum(len(source.split(split)) for split in ("train", "val")) == 12_920
    test = every(source, "test")
    assert len(test["features"]) == 3_185
    assert set(test["features"].unique().tolist()) == {0.0, 1.0}
    assert set(test["targets"].unique().tolist()) == {-1, 1}
    both = Delicious(folder, split={"val": 100, "test": 100}, protocol="label_split")
    times = np.bincount(both.split("test").positives().columns)[both.split("test").columns()]
    assert times.min() >= 20
