"""Figures as specs state them, read."""

from __future__ import annotations

from typing import Any

import pytest

from compose.evaluation.comparison.printed_figures import PrintedFigure, PrintedFigures
from compose.spec.layers.resolve import resolve
from compose.spec.layers.spec_files import zoo_names
from compose.spec.yaml.tree import plain


def read(figures: dict[str, Any], name: str = "ml2p", **others: dict[str, Any]) -> list[PrintedFigure]:
    return list(PrintedFigures(name, figures, others))


def test_table_row_task_metric() -> None:
    assert read({"table1": {"a": {"zsl": {"map": 29.4}}}}) == [
        PrintedFigure(paper="ml2p", table="table 1", data="", row="a", task="zsl", metric="map", value=29.4)
    ]


def test_another_papers_table() -> None:
    (found,) = read({"lesa": {"table1": {"nus-wide": {"zsl": {"map": 9.4}}}}}, "conse")
    assert (found.paper, found.table, found.data, found.row) == ("lesa", "table 1", "nus-wide", "conse")


def test_its_protocol_is_that_of_the_other_spec() -> None:
    lesa = {"protocol": {"nus-wide": "all test images"}, "table1": {"nus-wide": {"lesa": {"zsl": {"map": 1.0}}}}}
    (found,) = read({"lesa": {"table1": {"nus-wide": {"zsl": {"map": 9.4}}}}}, "conse", lesa=lesa)
    (own,) = read(lesa, "lesa")
    assert (found.told, found.data) == (own.told, own.data) == (("all test images",), "nus-wide")


def test_lists_are_of_the_tasks() -> None:
    found = read({"tasks": ["5-way 1-shot", "5-way 5-shot"], "metric": "accuracy", "table1": {"a": [1.0, 2.0]}})
    assert [(one.row, one.task, one.metric, one.value) for one in found] == [
        ("a", "5-way 1-shot", "accuracy", 1.0),
        ("a", "5-way 5-shot", "accuracy", 2.0),
    ]


def test_a_metric_of_several_tasks() -> None:
    (found,) = read({"table3": {"a": {"localisation_harmonic": 3.4}}})
    assert (found.row, found.task, found.metric) == ("a", "", "localisation_harmonic")


def test_entries_of_the_protocol() -> None:
    protocol = {
        "table1": "nus-wide",
        "nus-wide": "81 labels",
        "zsl": {"num_labels": 81},
        "every": "VGG19",
        "table9": "no",
    }
    figures = {"table1": {"a": {"zsl": {"map": 1.0}, "gzsl": {"map": 2.0}}}, "table9": {"a": {"zsl": {"map": 3.0}}}}
    first, second, third = read({"protocol": protocol, **figures})
    assert (first.data, first.told, first.fields) == ("nus-wide", ("81 labels", "VGG19"), {"num_labels": 81})
    assert (second.told, second.fields) == (("81 labels", "VGG19"), {})
    assert (third.data, third.told) == ("", ("VGG19", "no"))


def test_what_is_no_number_is_left_out() -> None:
    assert read({"table1": None, "table2": {"a": {"zsl": {"map": None, "f1@3": "illegible"}}}}) == []


@pytest.mark.parametrize("name", zoo_names())
def test_every_figure_of_the_zoo_is_read(name: str) -> None:
    """Its metric, row and table are known, and each stands once in its table."""
    values: Any = plain(resolve(name).tree)
    figures = (values.get("paper") or {}).get("figures") or {}
    found = read(figures, values.get("name", name))
    assert len(found) == numbers({key: inner for key, inner in figures.items() if key != "protocol"})
    for one in found:
        assert one.table
        assert one.row
        assert one.task or one.metric == "localisation_harmonic"
        assert not one.metric.startswith(("table", "zsl", "5-way"))
    keys = [(one.paper, one.table, one.data, one.row, one.task, one.metric) for one in found]
    assert len({*keys}) == len(keys)


def numbers(value: Any) -> int:
    if isinstance(value, dict):
        return sum(map(numbers, value.values()))
    if isinstance(value, list):
        return sum(map(numbers, value))
    return int(isinstance(value, int | float))
