"""What shares a row, what shares a column, and what is told of the rest."""

from __future__ import annotations

import itertools
import random
from dataclasses import replace
from typing import Any

import pytest

from compose.errors import UsageError
from compose.evaluation.comparison.compared import compared
from compose.evaluation.comparison.comparison import Comparison
from compose.evaluation.comparison.printed_figures import PrintedFigure
from compose.evaluation.comparison.row_orders import is_printed
from compose.evaluation.comparison.seeded_runs import SeededRuns
from compose.evaluation.label_protocol import LabelProtocol
from tests.evaluation.comparison.made import FIGURES, GZSL, SHOTS, ZSL, run, seeds, task

OTHER: dict[str, Any] = {
    "data": "images",
    "split": "val",
    "images": "with_positives",
    "num_images": 1000,
    "num_labels": 32,
    "label_context": "all",
    "labels": "000000000000",
    "no_positives": "zero",
    "ties": "mean",
    "positives": 4970,
    "negatives": 94028,
    "unknown": 7,
}
"""Another value for every field of a protocol that counts, but the task."""
OTHER_EPISODES: dict[str, Any] = {
    "data": "omniglot",
    "split": "val",
    "ways": 6,
    "shots": 2,
    "queries": 5,
    "episodes": 600,
    "num_classes": 59,
    "labels": "000000000000",
    "examples": "label_split",
}


def value(found: Comparison, label: str, column: str = "zsl mAP") -> str:
    """The text of a cell."""
    row = next(number for number, row in enumerate(found.rows) if row.label == label)
    return next(
        cell.text for (of, at), cell in found.cells.items() if of == row and found.columns[at].name == column
    )  # fmt: skip


def own_columns(found: Comparison) -> list[str]:
    """The columns of ours that are shown."""
    return [found.columns[at].name for block in found.blocks if not block.title for at in block.columns]


def test_runs_that_differ_in_their_seed_are_one_row() -> None:
    found = compared([*seeds("ml2p", [0.36, 0.37, 0.38]), *seeds("lesa", [0.30])])
    assert [row.label for row in found.rows] == ["lesa", "ml2p", "chance", "class prior"]
    assert value(found, "ml2p") == "37.0 ± 2.5"
    assert value(found, "lesa") == "30.0"
    assert value(found, "chance") == "5.0"
    assert "one seed, and so no interval: lesa" in found.notes


def test_the_best_is_first_and_marked() -> None:
    found = compared([*seeds("b", [0.30]), *seeds("a", [0.20]), *seeds("c", [0.30])])
    (block,) = found.blocks
    assert [found.rows[row].label for row in block.rows] == ["b", "c", "a", "chance", "class prior"]
    assert {found.rows[row].label for row, _ in found.best(block)} == {"b", "c"}


def test_a_single_model_is_not_the_best_of_anything() -> None:
    found = compared(seeds("a", [0.2, 0.3]))
    assert found.best(found.blocks[0]) == set()


def test_variants_and_overrides_are_rows_of_their_own() -> None:
    found = compared([run(), run(changes=("no-pyramid",)), run(changes=("no-pyramid", "train.main.epochs=3"))])
    labels = ["ml2p", "ml2p + no-pyramid", "ml2p + no-pyramid + train.main.epochs=3"]
    assert [row.label for row in found.rows][:3] == labels


def test_of_one_seed_the_newest_run_counts() -> None:
    old, new = run("ml2p", 0, task(ZSL, map=0.1), folder="old", begun=1.0), run(folder="new", begun=2.0)
    found = compared([old, new])
    assert value(found, "ml2p") == "37.0"
    assert "old is left out: new is a newer run of the same spec and seed (0)" in found.notes


def test_specs_that_differ_without_a_word_are_numbered() -> None:
    one, other = run(spec={"train": {"epochs": 3}}), run(spec={"train": {"epochs": 8}}, folder="b")
    found = compared([one, other])
    assert [row.label for row in found.rows][:2] == ["ml2p (1)", "ml2p (2)"]
    assert "ml2p (1) and ml2p (2) differ in: train.epochs (3 against 8)" in found.notes


def test_runs_of_other_code_share_no_row() -> None:
    one, other = run(blocks=frozenset({"a"})), run(seed=1, blocks=frozenset({"b"}), folder="b")
    found = compared([one, other])
    assert [row.label for row in found.rows][:2] == ["ml2p (1)", "ml2p (2)"]
    assert "ml2p (1) and ml2p (2) differ in: the code of the user's blocks" in found.notes


def test_protocols_that_agree_share_a_column() -> None:
    found = compared([run("a"), run("b")])
    assert own_columns(found) == ["zsl mAP", "zsl F1@3"]
    assert len(found.blocks) == 1
    assert not [line for line in found.notes if "differ" in line]


@pytest.mark.parametrize("field", OTHER)
def test_every_disagreement_of_protocols_is_a_column_and_is_told(field: str) -> None:
    other = replace(ZSL, **{field: OTHER[field]})
    found = compared([*seeds("a", [0.3]), *seeds("b", [0.4], other)])
    assert own_columns(found) == ["zsl [1] mAP", "zsl [2] mAP"]
    told = next(line for line in found.notes if line.startswith("zsl [1] and [2] differ in "))
    assert LabelProtocol.words[field] in told
    assert set(found.protocols) == {"zsl [1]", "zsl [2]"}


def test_every_field_that_counts_is_tried() -> None:
    assert {*OTHER, "task", "localisation", "boxed"} == {*LabelProtocol.words}
    assert {*OTHER_EPISODES, "task"} == {*SHOTS.words}


@pytest.mark.parametrize("field", OTHER_EPISODES)
def test_every_disagreement_of_episodes_is_a_column_and_is_told(field: str) -> None:
    other = replace(SHOTS, **{field: OTHER_EPISODES[field]})
    found = compared([run("a", 0, task(SHOTS, accuracy=0.5)), run("b", 0, task(other, accuracy=0.6))])
    assert own_columns(found) == ["5-way 1-shot [1] accuracy", "5-way 1-shot [2] accuracy"]
    told = next(line for line in found.notes if "differ in" in line)
    assert SHOTS.words[field] in told


def test_another_draw_of_the_episodes_and_thresholds_of_a_models_own_share_a_column() -> None:
    other = replace(SHOTS, seed=7, thresholds={"micro_f1": 0.3})
    found = compared([run("a", 0, task(SHOTS, accuracy=0.5)), run("b", 0, task(other, accuracy=0.6))])
    assert own_columns(found) == ["5-way 1-shot accuracy"]
    assert "threshold" not in found.protocols["5-way 1-shot"]


def test_a_field_that_one_does_not_tell_is_a_disagreement() -> None:
    found = compared([*seeds("a", [0.3]), *seeds("b", [0.4], replace(ZSL, ties=None))])
    assert len(own_columns(found)) == 2
    assert any("the order of ties: told by one alone" in line for line in found.notes)


def test_parameters_of_the_data_are_part_of_the_protocol() -> None:
    found = compared([*seeds("a", [0.3], data={"size": 48}), *seeds("b", [0.4], data={"size": 96})])
    assert own_columns(found) == ["zsl [1] mAP", "zsl [2] mAP"]
    assert "zsl [1] and [2] differ in `size` of the data: 48 against 96" in found.notes


def test_where_a_model_looks_divides_no_other_metric() -> None:
    looking = replace(ZSL, localisation="greatest attention in a box", boxed=4971)
    near = replace(looking, localisation="greatest attention in a box grown by 4 px")
    found = compared(
        [
            run("a", 0, task(ZSL, map=0.3)),
            run("b", 0, task(looking, map=0.4, localisation=0.2)),
            run("c", 0, task(near, map=0.5, localisation=0.6)),
        ]
    )
    assert own_columns(found).count("zsl mAP") + own_columns(found).count("zsl [1] mAP") == 1
    assert len([name for name in own_columns(found) if name.endswith("localisation mAP")]) == 2


def test_models_of_other_tasks_have_a_table_of_their_own() -> None:
    found = compared([run("a"), run("b", 0, task(SHOTS, accuracy=0.5))])
    assert [[found.columns[at].name for at in block.columns] for block in found.blocks] == [
        ["zsl mAP", "zsl F1@3"],
        ["5-way 1-shot accuracy"],
    ]


def test_printed_figures_stand_in_columns_of_their_own() -> None:
    found = compared([run(figures=FIGURES), run("lesa")])
    titles = [block.title for block in found.blocks]
    assert titles == ["", "Printed in ml2p, nus-wide", "Printed in ml2p, open-images"]
    printed = [(row.label, found.tables(number)) for number, row in enumerate(found.rows) if row.kind == "printed"]
    assert printed == [("lesa", ("table 1",)), ("ml2p", ("table 1",)), ("ml2p", ("table 2",))]
    assert "printed in ml2p, nus-wide: 81 unseen labels" in found.notes
    assert "printed figures share no column with ours, which are measured on glyph_scenes test" in found.notes
    assert "1 other printed row of ml2p (table 1) left out; --printed all shows them" in found.notes


def test_all_or_none_of_the_printed_rows() -> None:
    every = compared([run(figures=FIGURES)], printed="all")
    assert [row.label for row in every.rows if row.kind == "printed"].count("other") == 1
    none = compared([run(figures=FIGURES)], printed="none")
    assert not [row for row in none.rows if row.kind == "printed"]
    assert not [line for line in none.notes if "printed" in line]


def test_a_printed_figure_shares_a_column_where_its_protocol_says_enough_and_agrees() -> None:
    known = {"data": "glyph_scenes", "split": "test", "num_images": 3000, "num_labels": 33}
    figures = {"protocol": {"table1": known}, "table1": {"ml2p": {"zsl": {"map": 40.0}}}}
    found = compared([run(figures=figures)])
    (block,) = found.blocks
    assert [found.rows[row].kind for row in block.rows] == ["printed", "run", "chance", "prior"]
    assert any(line.startswith("zsl: the figures printed in ml2p do not tell") for line in found.notes)


@pytest.mark.parametrize("change", [{"num_images": 83_898}, {"split": None}, {"ties": "mean"}])
def test_a_printed_figure_shares_none_where_its_protocol_differs_or_says_too_little(change: dict[str, Any]) -> None:
    known = {"data": "glyph_scenes", "split": "test", "num_images": 3000, "num_labels": 33, **change}
    stated = {key: value for key, value in known.items() if value is not None}
    figures = {"protocol": {"table1": stated}, "table1": {"ml2p": {"zsl": {"map": 40.0}}}}
    assert len(compared([run(figures=figures)]).blocks) == 2


def test_figures_of_tables_whose_data_is_not_stated_are_not_mixed() -> None:
    figures = {"table1": {"ml2p": {"zsl": {"map": 29.4}}}, "table2": {"ml2p": {"zsl": {"map": 65.7}}}}
    found = compared([run(figures=figures)])
    assert [block.title for block in found.blocks][1:] == ["Printed in ml2p, table 1", "Printed in ml2p, table 2"]


def test_where_the_order_is_another_than_the_papers() -> None:
    figures = {
        "table1": {"a": {"zsl": {"map": 10.0}}, "b": {"zsl": {"map": 20.0}}, "c": {"zsl": {"map": 30.0}}},
        "table2": {"full": {"zsl": {"map": 10.0}}, "rank": {"zsl": {"map": 5.0}}, "no-x": {"zsl": {"map": 7.0}}},
    }
    variants = [run("a", 0, task(ZSL, map=0.5), changes=(name,)) for name in ("table2-rank", "no-x")]
    runs = [run("a", 0, task(ZSL, map=0.4), figures=figures), *variants, *seeds("b", [0.3]), *seeds("c", [0.6])]
    told = [line for line in compared(runs).notes if "the other way round" in line]
    assert told == [
        "zsl mAP: 1 of 3 pairs stand the other way round than printed in a, table 1: a above b",
        "zsl mAP: 2 of 3 pairs stand the other way round than printed in a, table 2: "
        "a + no-x above a; a + table2-rank above a",
    ]
    chosen = compared([*runs, run("a", 0, task(GZSL, map=0.1), changes=("y=1",))], metrics=["gzsl"])
    assert not [line for line in chosen.notes if "the other way round" in line]


def test_pairs_whose_intervals_meet_are_marked() -> None:
    figures = {"table1": {"a": {"zsl": {"map": 10.0}}, "b": {"zsl": {"map": 20.0}}, "c": {"zsl": {"map": 5.0}}}}
    runs = [
        *seeds("a", [0.50, 0.54], figures=figures),
        *seeds("b", [0.49, 0.53]),
        *seeds("c", [0.10, 0.10001]),
    ]
    (told,) = [line for line in compared(runs).notes if "the other way round" in line]
    assert told.endswith("1 of 3 pairs stand the other way round than printed in a, table 1: "
                         "a above b (within their intervals)")  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "paper", "table", "row", "expected"),
    [
        ((), "lesa", "table 2", "all", True),
        ((), "lesa", "table 1", "lesa", True),
        ((), "ml2p", "table 1", "lesa", True),
        ((), "ml2p", "table 1", "all", False),
        (("table2-rank",), "lesa", "table 2", "rank", True),
        (("table2-rank",), "lesa", "table 3", "rank", False),
        (("no-a", "b"), "lesa", "table 3", "no-a-b", True),
        (("no-a",), "ml2p", "table 3", "no-a", False),
        (("epochs=3",), "lesa", "table 1", "lesa", False),
    ],
)
def test_which_model_a_row_is_of(changes: tuple[str, ...], paper: str, table: str, row: str, expected: bool) -> None:
    figure = PrintedFigure(paper=paper, table=table, data="", row=row, task="zsl", metric="map", value=1.0)
    assert is_printed(SeededRuns("", (run("lesa", changes=changes),)), figure) == expected


def test_columns_are_chosen() -> None:
    runs = [run("ml2p", 0, task(ZSL, map=0.3, f1=0.4), task(GZSL, map=0.2))]
    assert own_columns(compared(runs, metrics=["map"])) == ["zsl mAP", "gzsl mAP"]
    assert own_columns(compared(runs, metrics=["zsl/f1@3", "gzsl"])) == ["zsl F1@3", "gzsl mAP"]


def test_a_metric_that_nothing_has() -> None:
    expected = "no result has the metric `zsl/mp`; did you mean `zsl/map`? expected one of zsl/map, zsl/f1@3, map, f1@3"
    with pytest.raises(UsageError, match=expected.replace("?", r"\?")):
        compared([run()], metrics=["zsl/mp"])


def test_an_undefined_value_has_no_cell() -> None:
    found = compared([run("a", 0, task(ZSL, map=float("nan"), f1=0.4)), run("b")])
    assert len([place for place in found.cells if found.rows[place[0]].label == "a"]) == 1


def test_what_has_no_value_and_what_other_versions_made_is_told() -> None:
    undefined = replace(task(ZSL, map=float("nan"), f1=0.4), undefined={"map": "no label has positives"})
    lost = run("a", 0, undefined, version="0.1.0")
    lost = replace(lost, result=replace(lost.result, unmeasured={"gzsl": "no image"}))
    found = compared([lost, run("b", version="0.2.0"), run("c")])
    assert "runs/a-0: zsl has no mAP: no label has positives" in found.notes
    assert "runs/a-0: gzsl is not measured: no image" in found.notes
    assert "several versions made the runs: compose 0.1.0: a; compose 0.2.0: b" in found.notes


def test_text_of_strangers_is_shown_and_not_obeyed() -> None:
    name = "a\x1b[31m|`<b>_$%&\n# x"
    figures = {"protocol": f"={name}", "table1": {name: {"zsl": {"map": 1.0}}}}
    found = compared([run(name, figures=figures, folder=name), run("b")], printed="all")
    for text in (*shown(found), found.svg()):
        assert "\x1b" not in text
        assert "\n# x" not in text
    assert r"a\textbackslash{}x1b" in found.latex()
    assert r"\_\$\%\&" in found.latex()
    assert "<b>" not in found.markdown()


def test_the_tables_of_one_model_have_one_number() -> None:
    many = [run(name, 0, task(SHOTS, accuracy=0.5)) for name in "abc"]
    few = run("d", 0, task(replace(SHOTS, episodes=9), accuracy=0.5), task(ZSL, map=0.1))
    labels = run("e", 0, task(replace(ZSL, num_images=10), map=0.2), task(GZSL, map=0.2))
    found = compared([*many, few, labels])
    assert [[found.columns[at].name for at in block.columns] for block in found.blocks] == [
        ["5-way 1-shot [1] accuracy"],
        ["5-way 1-shot [2] accuracy", "zsl [2] mAP"],
        ["zsl [3] mAP", "gzsl mAP"],
    ]


def test_what_has_one_protocol_takes_no_number() -> None:
    few = [run("d", 0, task(replace(SHOTS, episodes=count), accuracy=0.5), folder=str(count)) for count in (9, 8)]
    found = compared([*seeds("a", [0.1]), *seeds("b", [0.2]), few[0], replace(few[1], name="e")])
    assert own_columns(found) == ["zsl mAP", "5-way 1-shot [1] accuracy", "5-way 1-shot [2] accuracy"]


def test_the_order_of_the_runs_does_not_matter() -> None:
    looking = replace(ZSL, localisation="greatest attention in a box", boxed=4971)
    runs = [
        *seeds("ml2p", [0.3, 0.4], figures=FIGURES),
        *seeds("lesa", [0.2, 0.3], looking),
        run("lesa", 1, task(looking, map=0.25), folder="again", begun=5.0),
        *seeds("cut", [0.5], replace(ZSL, num_images=1000)),
        *seeds("val", [0.6], replace(ZSL, split="val")),
        run("few", 0, task(SHOTS, accuracy=0.5)),
        run(spec={"epochs": 3}, folder="c"),
    ]
    first = compared(runs, printed="all")
    for order in itertools.islice(itertools.permutations(runs), 0, 3000, 97):
        assert shown(compared(order, printed="all")) == shown(first)
    shuffled = random.Random(0)
    for _ in range(30):
        assert shown(compared(shuffled.sample(runs, len(runs)), printed="all")) == shown(first)


def shown(found: Comparison) -> tuple[str, str, str, str]:
    """Every form of it."""
    return found.markdown(), found.latex(), found.csv(), repr(found)
