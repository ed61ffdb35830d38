"""The two judges of a spec: the published schema and the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from jsonschema import Draft7Validator

from compose.errors import SpecError, SpecErrors
from compose.registry.registry import Registry
from compose.spec.read import read_spec
from compose.spec.schema.document import spec_schema

JUDGED = (
    "unknown-block", "unknown-parameter", "unknown-loss", "unknown-metric", "unknown-stage", "unknown-optimizer",
    "unknown-schedule", "unknown-data", "unknown-vectors", "unknown-graph", "unknown-key", "wrong-type", "out-of-range",
    "wrong-value", "missing-parameter", "missing-use", "missing-key", "bad-name", "metric-form", "empty",
    "reserved-name",
)  # fmt: skip
"""The codes of mistakes in types, ranges, names and keys; all others are of files, layers and wiring."""
VALUES: list[Any] = [None, True, -1, 0, 1.5, "text", "$width", [], {}, 1e3, 3.0, 10**30, 1e30]
"""What is tried at every place."""


class Judges:
    """Both verdicts on a spec."""

    def __init__(self, known: Registry, folder: Path) -> None:
        self.known, self.file = known, folder / "judged.yaml"
        self.schema = Draft7Validator(spec_schema(known))

    def errors(self, spec: Any) -> list[SpecError]:
        """What the command line finds wrong at the level of the schema."""
        self.file.write_text(json.dumps(spec), encoding="utf-8")
        return judged(self.file, self.known)

    def disagree(self, spec: Any) -> str:
        """On what they disagree; "" where they agree."""
        errors = self.errors(spec)
        refused = [f"{list(e.absolute_path)}: {e.message}" for e in self.schema.iter_errors(spec)]
        if refused:
            return "" if errors else f"good, but {refused[0][:200]}: {spec}"
        return next((f"{error.message}, but good: {spec}" for error in errors if not elsewhere(error)), "")


def elsewhere(error: SpecError) -> bool:
    """Whether no schema can know of a mistake: what a composite takes, or an overlay removes, stands elsewhere."""
    own = "block `own`" in error.message and error.code in ("unknown-parameter", "missing-parameter")
    own |= any(f"`{name}` of the block `own`" in error.message for name in ("width", "kind"))
    return own or error.code == "unknown-block" or "filled in" in error.message or "to remove" in error.message


def judged(file: Path, known: Registry, **options: Any) -> list[SpecError]:
    try:
        read_spec(str(file), known=known, all_variants=True, **options)
    except SpecErrors as error:
        return [one for one in error.errors if one.code in JUDGED]
    return []


def trained(stage: dict[str, Any]) -> Any:
    """A section ``train`` of one stage."""
    return {"main": stage}


def whole(part: dict[str, Any]) -> dict[str, Any]:
    """A spec with this part."""
    return {"data": {"use": "glyph_scenes"}, "model": {"node": {"use": "max_similarity"}}, **part}
