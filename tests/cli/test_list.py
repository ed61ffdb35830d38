"""``compose list`` and ``compose describe``."""

from __future__ import annotations

import json
from typing import Any

import pytest

from compose.cli.list import PLURALS, WHERE, list_names
from compose.cli.printing.example import example
from compose.registry.declaration import Declaration
from compose.registry.registry import registry
from compose.spec.schema.check import Checker
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import Mapping

DECLARATIONS = registry().all()


def test_lists_everything(run: Any) -> None:
    result = run("list")
    assert result.exit_code == 0
    assert all(f"  {declaration.name} " in result.stdout for declaration in DECLARATIONS)
    assert all(f"{word}  " in result.stdout for word in WHERE)


def test_lists_one_kind(run: Any) -> None:
    lines = run("list", "losses").stdout.splitlines()
    assert [line.split()[0] for line in lines] == registry().names("loss")
    assert run("list", "loss").stdout == run("list", "losses").stdout


def test_every_kind_has_a_word() -> None:
    assert {d.kind for d in DECLARATIONS} <= set(PLURALS.values())
    assert list_names.__doc__


def test_lists_the_zoo(run: Any) -> None:
    assert "zoo/starter.yaml  " in run("list", "zoo").stdout


def test_json(run: Any) -> None:
    found = json.loads(run("list", "metrics", "--json").stdout)
    assert list(found["metrics"]) == registry().names("metric")


def test_unknown_kind(run: Any) -> None:
    result = run("list", "blokcs")
    assert result.exit_code == 2
    assert "there is no kind `blokcs`; did you mean `blocks`?" in result.stderr


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda d: f"{d.kind}-{d.name}")
def test_describes(declaration: Declaration, run: Any) -> None:
    result = run("describe", f"{declaration.kind}.{declaration.name}")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{declaration.name} ({declaration.kind})\n")
    for named in (*declaration.parameters, *declaration.sizes, *declaration.inputs, *declaration.outputs):
        assert f"  {named.name} " in result.stdout


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda d: f"{d.kind}-{d.name}")
def test_examples_are_valid(declaration: Declaration) -> None:
    tree = load_text(example(declaration).replace("stage: ...", "stage: supervised"), "example")
    assert isinstance(tree, Mapping)
    checker = Checker(registry())
    checker.check(tree)
    assert [error for error in checker.errors if error.code != "missing-key"] == []


def test_unknown_name(run: Any) -> None:
    result = run("describe", "group_atention")
    assert result.exit_code == 2
    assert "did you mean `group_attention`?" in result.stderr
    assert "compose show zoo/starter.yaml" in run("describe", "zoo/starter.yaml").stderr
    assert "for `in:`" in run("describe", "labels.vectors").stderr


def test_describe_json(run: Any) -> None:
    (found,) = json.loads(run("describe", "group_attention", "--json").stdout)
    assert Declaration.from_json(found) == registry().find("block", "group_attention")
