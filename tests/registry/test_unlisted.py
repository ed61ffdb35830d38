"""A class that the code has and ``specs/blocks.json`` lacks, or the other way round, is told as such."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from compose.block import Kind
from compose.cli.describe import entries
from compose.errors import SpecError, SpecErrors, UsageError
from compose.registry import registry as of_process
from compose.registry.declaration import Declaration
from compose.registry.registry import Registry, registry
from compose.registry.unlisted import FORGOTTEN, unlisted
from compose.spec.read import read_spec

SPEC = """\
name: small
data: {use: glyph_scenes}
labels: {vectors: {use: wordnet}}
model:
  flat: {use: linear, in: image, size: 8}
  scores: {use: max_similarity, in: [flat, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised}}
evaluate: {metrics: [{use: map}, f1@3]}
"""


@pytest.mark.parametrize("declaration", registry().all(), ids=lambda d: f"{d.kind}-{d.name}")
def test_the_code_is_found(declaration: Declaration) -> None:
    assert unlisted(declaration.kind, declaration.name) == FORGOTTEN


@pytest.mark.parametrize(("kind", "name"), [("block", "nowhere"), ("loss", "linear"), ("metric", "average_precision")])
def test_what_the_code_does_not_have(kind: Kind, name: str) -> None:
    assert unlisted(kind, name) is None


@pytest.mark.parametrize(
    ("kind", "name"), [("block", "linear"), ("data", "glyph_scenes"), ("metric", "map"), ("metric", "f1")]
)
def test_a_spec_that_names_it(kind: Kind, name: str, tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(SPEC)
    error = refusal(path, [d for d in registry().all() if (d.kind, d.name) != (kind, name)])
    assert (error.code, [note.message for note in error.notes]) == (f"unknown-{kind}", [FORGOTTEN])
    path.write_text(SPEC.replace(f"use: {name}", f"use: {name}x").replace("f1@3", "f1x@3" if name == "f1" else "f1@3"))
    error = refusal(path, registry().all())
    assert (error.code, error.notes, error.nearest is not None) == (f"unknown-{kind}", [], True)


def test_what_asks_for_its_class(monkeypatch: pytest.MonkeyPatch) -> None:
    empty = Registry([])
    with pytest.raises(UsageError, match=f"^there is no optimizer `adam`; {FORGOTTEN}$"):
        empty.construct("optimizer", "adam", {})
    with pytest.raises(UsageError, match=r"^there is no optimizer `adma`; `compose list` lists what there is$"):
        empty.load("optimizer", "adma")
    monkeypatch.setattr(of_process, "registry", lambda: empty)
    with pytest.raises(UsageError, match=f"^there is nothing called `linear` that a spec could use; {FORGOTTEN}$"):
        entries("linear")


@pytest.mark.parametrize(
    "change", [{"qualname": "Gone"}, {"module": "compose.blocks.core.gone"}], ids=["the class", "the module"]
)
def test_the_index_lists_what_is_gone(change: dict[str, str]) -> None:
    declaration = registry().find("block", "linear")
    assert declaration is not None
    stale = replace(declaration, **change)
    with pytest.raises(UsageError) as caught:
        Registry([stale]).load("block", "linear")
    told = f"specs/blocks.json lists `{stale.qualname}` of {stale.module}, which is not there: run make schema"
    assert str(caught.value) == told


def refusal(path: Path, known: list[Declaration]) -> SpecError:
    with pytest.raises(SpecErrors) as caught:
        read_spec(str(path), known=Registry(known))
    return caught.value.errors[0]
