"""Every mistake of a table file is told at its place."""

from __future__ import annotations

from pathlib import Path

import pytest

import compose
from compose.spec.layers.spec_files import table_names

from .conftest import TABLE


def told(text: str) -> list[tuple[str, str, str | None]]:
    """The mistakes of a table: place, message, and the nearest valid name."""
    Path("table.yaml").write_text(text)
    found = compose.validate("table.yaml", fast=True)
    return [(str(error.place), error.message, error.nearest) for error in found.errors]


def test_a_table_without_mistakes(table: Path) -> None:
    found = compose.validate(table)
    assert found
    assert repr(found) == "ok table.yaml: 4 rows, 1 of them left out"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (
            ("spec: second.yaml, printed", "spec: secnd.yaml, printed"),
            ("table.yaml:8:17", "there is no file secnd.yaml", "second.yaml"),
        ),
        (
            ("variants: flat", "variants: flta"),
            ("table.yaml:7:20", "the spec has no variant `flta`", "flat"),
        ),
        (
            ("printed: other", "printed: othr"),
            ("table.yaml:8:39", "`table1` of first.yaml has no row `othr`", "other"),
        ),
        (
            ("variants: flat", "sweep: rats"),
            ("table.yaml:7:17", "first.yaml has no sweep `rats`", "rates"),
        ),
        (
            ("variants: flat", "set: {train.main.epoch: 3}"),
            ("table.yaml:7:27", "the stage `supervised` has no parameter `epoch`", "epochs"),
        ),
        (
            ("variants: flat", "vriants: flat"),
            ("table.yaml:7:10", "`Flat` of `rows` of the table has no key `vriants`", "variants"),
        ),
        (
            ("[zsl/map]", "[zsl/mpa]"),
            ("table.yaml:5:11", "there is no metric `zsl/mpa`", None),
        ),
        (
            ("table: table1", "table: table7"),
            ("table.yaml:3:8", "first.yaml states no figures of `table7`", None),
        ),
        (
            ("table: table1\n", ""),
            ("table.yaml:2:1", "the table has `paper`, but not `table`", None),
        ),
        (
            ("paper: first.yaml\ntable: table1\n", ""),
            ("table.yaml:5:35", "`Flat` names a printed row, but the table names no paper", None),
        ),
        (
            ("spec: first.yaml\n", ""),
            ("table.yaml:6:3", "`Flat` names no spec, and neither does the table", None),
        ),
        (
            ("left_out", "spec: first.yaml, left_out"),
            ("table.yaml:9:25", "`LSTM` is left out, and has `spec`", None),
        ),
        (
            ("title: What is compared\n", ""),
            ("table.yaml:1:1", "the table needs `title`", None),
        ),
    ],
)
@pytest.mark.usefixtures("table")
def test_a_mistake(change: tuple[str, str], expected: tuple[str, str, str | None]) -> None:
    assert change[0] in TABLE
    assert expected in told(TABLE.replace(*change, 1))


@pytest.mark.usefixtures("table")
def test_all_mistakes_at_once() -> None:
    text = TABLE.replace("variants: flat", "variants: flta").replace("printed: other", "printed: othr")
    found = told(text.replace("Ours: {", "Ours: {spec: nowhere.yaml, "))
    assert [place for place, *_ in found] == ["table.yaml:7:20", "table.yaml:8:39", "table.yaml:10:16"]


@pytest.mark.usefixtures("table")
def test_a_mistake_of_the_shapes_names_the_row() -> None:
    Path("table.yaml").write_text(TABLE.replace("variants: flat", "set: {model.scores.in: [regions, labels.vectors]}"))
    (error,) = compose.validate("table.yaml").errors
    assert error.place is not None
    assert error.place.document.name in ("table.yaml", "first.yaml")
    assert any("in the member" in note.message for note in error.notes)


def test_a_table_is_no_spec(table: Path) -> None:
    with pytest.raises(compose.SpecErrors) as caught:
        compose.load(table)
    assert caught.value.errors[0].code == "is-table"
    with pytest.raises(compose.UsageError, match="expected no sweep beside it"):
        compose.sweep(table, sweep="rates")
    with pytest.raises(compose.UsageError, match="expected one value for each -v and -s"):
        compose.sweep(table, overrides="train.main.epochs=1,2")


@pytest.mark.parametrize("name", table_names())
def test_the_packaged_tables_have_no_mistakes(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = compose.validate(name, fast=True)
    assert found, found
