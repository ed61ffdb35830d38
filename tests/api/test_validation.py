"""``compose.validate``."""

from __future__ import annotations

from pathlib import Path

import compose

from .conftest import TINY


def test_what_is_right_is_true_and_says_what_was_checked(here: Path) -> None:
    found = compose.validate(TINY)
    assert found
    assert str(found).startswith("ok <dict>: 5 nodes, ")
    assert found.facts["checked"] == "all"
    assert found.to_json()["valid"] is True
    fast = compose.validate(TINY, fast=True)
    assert fast.text == "5 nodes; shapes and data not checked"


def test_mistakes_are_returned(here: Path) -> None:
    found = compose.validate({**TINY, "model": {"backbone": {"arc": "conv64"}, "scores": {"use": "max_similarty"}}})
    assert not found
    assert {error.code for error in found.errors} == {"unknown-parameter", "unknown-block"}
    assert str(found).count("<dict>:") == 2
    assert compose.validate("none.yaml").errors[0].code == "no-such-file"
    assert compose.validate({"seed": object()}).errors[0].message == "a spec cannot hold a object"
    assert compose.validate("a: [b\n").errors[0].place.document.name == "<text>"  # type: ignore[union-attr]


def test_shapes_of_all_variants(here: Path) -> None:
    spec = {**TINY, "variants": {"odd": {"model": {"vectors": {"use": "linear", "in": "groups", "size": 5}}}}}
    assert compose.validate(spec)
    found = compose.validate(spec, all_variants=True)
    assert [note.message for error in found.errors for note in error.notes][-1] == "in the variant `odd`"


def test_overrides_and_variants(here: Path) -> None:
    assert compose.validate(TINY, variants=["short"], overrides={"seed": 2}, fast=True)
    found = compose.validate(TINY, overrides={"data.size": "large"}, fast=True)
    assert "-s data.size=large" in str(found)
    assert [error.nearest for error in compose.validate(TINY, variants=["shrt"]).errors] == ["short"]


def test_every_member_of_a_sweep(own_block: Path) -> None:
    scaled = {"scaled": {"use": "own_scale", "in": "vectors"}, "scores": {"in": ["scaled", "labels.vectors"]}}
    sweeps = {"start": {"model.scaled.start": [1.0, 2.0]}, "bad": {"model.scaled.start": [1.0, "much"]}}
    spec = {**TINY, "model": {**TINY["model"], **scaled}, "sweeps": sweeps}
    found = compose.validate(spec, sweep="start", blocks=own_block, fast=True)
    assert found.facts["members"] == ["start=1.0", "start=2.0"]
    wrong = compose.validate(spec, sweep="bad", blocks=own_block, fast=True)
    assert [error.notes[-1].message for error in wrong.errors] == ["in the sweep `bad` at `start=much`"]
    assert [str(error.place).partition(":")[0] for error in wrong.errors] == ["<dict>"]
