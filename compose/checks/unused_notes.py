"""Parts of the label space that nothing reads: each a note with its place."""

from __future__ import annotations

from collections.abc import Iterator

from compose.spec.wiring.wire import WANTS
from compose.training.prepare import Prepared


def unused_notes(made: Prepared) -> Iterator[str]:
    """All of them."""
    labels = made.labels
    given = {
        "vectors": labels.vectors,
        "graph": labels.graph,
        "external": labels.external,
        "clusters": labels.clusters,
    }
    read = {key for name in made.spec.plan.reserved for key in WANTS.get(name, ())}
    if labels.graph is not None and "graph" in read:
        read.add("external")  # its classes are nodes of the graph
    if any(stage.examples == "external" for stage in made.stages.values()):
        read.add("external")
    for key, value in given.items():
        if value is not None and key not in read:
            inputs = ", ".join(f"`{name}`" for name, keys in WANTS.items() if key in keys)
            yield f"labels.{key}: nothing reads what it gives ({inputs})"
