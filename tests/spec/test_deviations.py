"""What a spec says it computes otherwise than its paper: over variants, bases and null."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.errors import SpecErrors
from compose.registry.registry import registry
from compose.spec.deviations import deviations, own_deviations
from compose.spec.layers.resolve import resolve
from compose.spec.read import read_spec
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import plain
from compose.training.storage.lock import lock_text

BASE = """\
name: base
extends: zoo/starter.yaml
paper: {title: A paper, deviates: {size: pictures are small, weights: drawn}}
variants:
  pretrained: {paper: {deviates: {weights: null}}}
  cropped: {paper: {deviates: {crop: pictures are cropped}}}
"""


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)
    Path("hybrid.yaml").write_text("extends: base.yaml\npaper: null\n")


def own(name: str, *variants: str) -> dict[str, str | None]:
    return own_deviations(read_spec(name, variants=variants).tree)


def test_variants_add_theirs_and_null_takes_one_back() -> None:
    assert own("base.yaml") == {"size": "pictures are small", "weights": "drawn"}
    assert own("base.yaml", "cropped", "pretrained") == {"size": "pictures are small", "crop": "pictures are cropped"}
    assert own_deviations(resolve("base.yaml").variants["pretrained"]) == {"weights": None}


def test_a_run_keeps_them() -> None:
    lock = plain(load_text(lock_text(read_spec("base.yaml", variants=["cropped"])), "lock"))
    assert list(lock["paper"]["deviates"]) == ["size", "weights", "crop"]


def test_a_spec_without_the_paper_deviates_in_nothing() -> None:
    assert own("hybrid.yaml") == {}
    assert own("hybrid.yaml", "pretrained") == {}


def test_beside_those_of_the_spec_stand_those_of_its_classes() -> None:
    found = deviations(read_spec("base.yaml").tree, registry())
    assert list(found)[:2] == ["size", "weights"]
    pyramid = registry().find("block", "forward_pyramid")
    assert pyramid is not None
    assert found["`forward_pyramid`"] == pyramid.deviates


@pytest.mark.parametrize(
    ("value", "expected"),
    [("[a, b]", "a mapping of names to sentences, such as"), ("{size: 3}", "a sentence")],
)
def test_what_is_no_mapping_of_sentences(value: str, expected: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        read_spec("base.yaml", overrides=[f"paper.deviates={value}"])
    assert caught.value.errors[0].code == "wrong-type"
    assert str(caught.value.errors[0].expected).startswith(expected)
