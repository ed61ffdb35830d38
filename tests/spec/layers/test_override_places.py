"""Mistakes of overrides are told at the override."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.errors import SpecErrors
from compose.spec.layers.resolve import resolve
from compose.spec.layers.spec_files import is_there
from compose.spec.yaml.tree import Mapping, place_of

BASE = "name: base\nmodel: {a: {use: x, width: 1}}\nvariants: {wide: {model: {a: {width: 8}}}}\n"


@pytest.fixture(autouse=True)
def _in_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("base.yaml").write_text(BASE)


def test_everything_in_a_value_stands_at_the_override() -> None:
    tree = resolve("base.yaml", overrides=["model.b={use: y, sizes: [1, {z: 2}]}"]).tree
    assert str(place_of(tree, ("model", "b", "sizes"))) == "command line:1:4"
    model = tree.get("model")
    assert isinstance(model, Mapping)
    made = model.get("b")
    assert made is not None
    assert str(made.place) == "command line:1:4"
    assert str(place_of(tree, ("model", "a", "width"))) == "base.yaml:2:28"


@pytest.mark.parametrize("override", ["extends=other.yaml", "extends.a.b=1"])
def test_extends_is_marked_where_it_stands(override: str) -> None:
    with pytest.raises(SpecErrors) as caught:
        resolve("base.yaml", overrides=[override])
    (error,) = caught.value.errors
    assert (error.code, str(error.place)) == ("override-extends", "command line:1:4")


@pytest.mark.parametrize(("section", "code"), [("variants: 3", "variants"), ("sweeps: [1]", "sweeps")])
def test_what_a_base_offers_is_checked_though_it_is_not_taken(section: str, code: str) -> None:
    Path("base.yaml").write_text(f"name: base\n{section}\n")
    Path("mine.yaml").write_text("extends: base.yaml\nvariants: null\nsweeps: null\n")
    with pytest.raises(SpecErrors, match=code) as caught:
        resolve("mine.yaml")
    assert str(caught.value.errors[0].place).startswith("base.yaml:2:")


def test_whether_a_path_is_there() -> None:
    assert is_there(Path("base.yaml"))
    assert not is_there(Path("other.yaml"))
    assert not is_there(Path("x" * 6000))
    assert not is_there(Path("a\0b"))
    Path("loop").symlink_to("loop")
    assert not is_there(Path("loop"))
