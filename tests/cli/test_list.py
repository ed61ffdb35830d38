"""``compose list``."""

from __future__ import annotations

import json
from typing import Any

from compose.cli.list import PLURALS, WHERE, list_names
from compose.registry.registry import registry
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import plain

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


def test_where_a_spec_names_each_stage_is_of_a_mapping() -> None:
    said = [where for where in WHERE.values() if where.startswith("train: ")]
    assert len(said) == 3
    assert all(isinstance(plain(load_text(where, "where"))["train"]["main"], dict) for where in said)


def test_lists_composites(run: Any) -> None:
    lines = run("list", "composites").stdout.splitlines()
    assert [line.split()[0] for line in lines] == registry().names("composite")
    assert "zoo/composites" not in run("list", "zoo").stdout
