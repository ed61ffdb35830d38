"""The published schema and the command line accept the same specs, as far as a schema can judge."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from compose.errors import SpecErrors
from compose.registry.registry import Registry, registry
from compose.spec.layers.spec_files import find_spec, zoo_names
from compose.spec.schema.document import spec_schema
from compose.spec.yaml.reader import load_file
from compose.spec.yaml.tree import plain

from .judges import Judges, judged, trained, whole

GOLDEN = Path(__file__).parents[1] / "golden"


@pytest.mark.parametrize("name", zoo_names())
def test_the_zoo_with_its_variants(name: str) -> None:
    assert judged(find_spec(name), registry()) == []
    assert list(Draft7Validator(spec_schema(registry())).iter_errors(plain(load_file(find_spec(name))))) == []


NOT_SEEN = {
    "block-missing-parameter": "what a composite needs stands elsewhere in the file",
    "block-unknown-parameter": "and so does what it takes",
    "block-unknown-placeholder": "and so do its parameters",
    "block-wrong-value": "and so does what is filled in",
    "sweep-values": "what a sweep sets stands elsewhere in the file",
    "extends-removes-nothing": "what is removed stands in another file",
    "extends-with-a-mistake": "and so does the block that a parameter is for",
    "bidi": "and here",
    "hidden-characters": "and here",
    "hundreds-of-mistakes": "and what nodes are",
    "metric-with-a-newline": "`$` of a pattern stands before a last newline, too, where Python reads it",
    "not-a-number": "JSON has no such number",
}
"""Mistakes that no schema can know of."""


@pytest.mark.parametrize("path", sorted(GOLDEN.rglob("*.yaml")), ids=lambda path: path.stem)
def test_the_golden_mistakes(path: Path, known: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(path.parent)
    try:
        spec = plain(load_file(path))
    except SpecErrors:
        return
    errors = [e for e in judged(Path(path.name), known) if e.place and e.place.document.name == path.name]
    refused = [e.message for e in Draft7Validator(spec_schema(known)).iter_errors(spec)]
    assert bool(refused) == (bool(errors) and path.stem not in NOT_SEEN), (errors, refused)


METRICS = [
    "map", "f1@3", "f1@10", "micro_f1", "f1", "f1@", "f1@0", "f1@03", "f1@3@5", "F1@3", "map@3", "mapp", "", "@",
    " map", "loss", "loss.rank", "loss.", "f1@3.0", "f1@-1", "f1@1234567890", 5, None, True, [], {},
    {"use": "map"}, {"use": "f1"}, {"use": "f1", "k": 3}, {"use": "f1", "k": 3.0}, {"use": "f1", "k": 0},
    {"use": "map", "k": 3}, {"use": "f1@3"}, {"use": "micro_f1", "threshold": "half"}, {"name": "map"},
]  # fmt: skip
"""Every spelling of a metric, right or wrong."""


@pytest.mark.parametrize("metric", METRICS, ids=str)
def test_metrics(judges: Judges, metric: Any) -> None:
    measured, monitored = {"metrics": [metric]}, trained({"stage": "supervised", "monitor": metric})
    assert judges.disagree(whole({"evaluate": measured})) == ""
    assert judges.disagree(whole({"train": monitored})) == ""
    assert judges.disagree(whole({"variants": {"other": {"evaluate": measured, "train": monitored}}})) == ""
