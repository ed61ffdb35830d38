"""What the checker does once, and what it does again."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from compose.errors import Document, Place, SpecErrors
from compose.registry.registry import Registry
from compose.registry.unlisted import OWN_FILE
from compose.spec.read import read_spec
from compose.spec.schema.faults import faults
from compose.spec.schema.named import unknown_name
from compose.spec.yaml.tree import Scalar

BASE = Path(__file__).parents[1] / "golden" / "base.yaml"


def test_a_part_that_stands_twice_by_an_alias_is_checked_in_each_role(codes: Any) -> None:
    nodes = "  end: &end {use: relation, in: start}\n"
    assert codes(nodes, "loss: {x: *end}\n") == ["unknown-loss"]


def test_a_block_of_the_spec_wins_over_one_of_the_same_name(plan: Any) -> None:
    own = "blocks: {relation: {inputs: [x], model: {a: {use: mixer, in: [x, x]}}, outputs: a}}\n"
    found = plan("  end: {use: relation, in: start}\n", own)
    assert "end.a" in [step.name for step in found.steps]


def test_what_variants_have_in_common_is_checked_once(
    known: Registry, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    def checked(count: int) -> int:
        calls = []
        monkeypatch.setattr("compose.spec.schema.named.faults", lambda *args: calls.append(args) or faults(*args))
        path = tmp_path / "spec.yaml"
        lines = [f"  v{index}: {{model: {{groups: {{groups: {index + 1}}}}}}}\n" for index in range(count)]
        path.write_text(BASE.read_text("utf-8") + "".join(lines), "utf-8")
        read_spec(str(path), known=known, all_variants=True)
        return len(calls)

    assert checked(20) - checked(0) == 20


def test_a_mistake_in_a_variant_names_at_most_three_variants(read: Any) -> None:
    variants = "".join(f"  v{index}: {{model: {{groups: null}}}}\n" for index in range(5))
    with pytest.raises(SpecErrors) as caught:
        read(BASE.read_text("utf-8") + variants, all_variants=True)
    [error] = caught.value.errors
    assert [note.message for note in error.notes[1:]] == ["in the variants `v0`, `v1`, `v2` and 2 more"]


def test_neither_torch_nor_numpy_is_needed() -> None:
    loaded = "[name for name in ('torch', 'numpy', 'jsonschema', 'pydantic') if name in sys.modules]"
    code = f"import sys, compose.spec.read, compose.spec.schema.publish; print({loaded})"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "[]\n"


def test_ten_names_are_listed_and_the_others_counted() -> None:
    names = [f"block_{number}" for number in range(45)]
    told = unknown_name("block", "upscale", Scalar(Place(Document("x.yaml", ("upscale",)), 1, 1, 5), "upscale"), names)
    assert told.expected == f"one of {', '.join(names[:10])} and 35 more"
    assert [note.message for note in told.notes] == [OWN_FILE]
