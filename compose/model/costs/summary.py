"""A shaped model as rows: each node with its block, output shapes, weights and cost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from compose.model.build import Shaped
from compose.model.costs.memory import gib, training_bytes
from compose.model.dims import shape_text
from compose.model.episode_batch import EpisodeBatch
from compose.model.facts import Facts
from compose.spec.wiring.plan import Step

HEADERS = ("node", "block", "output", "parameters", "FLOPs")


@dataclass(frozen=True)
class NodeSummary:
    """One step of a model.

    Args:
        node: its name.
        block: the block that it uses.
        outputs: a line for each output port.
        parameters: its weights, or whose it uses.
        flops: floating point operations of one example.
    """

    node: str
    block: str
    outputs: tuple[str, ...]
    parameters: str
    flops: str

    @property
    def cells(self) -> tuple[str | tuple[str, ...], ...]:
        """The cells of a table."""
        return self.node, self.block, self.outputs, self.parameters, self.flops


@dataclass(frozen=True)
class Totals:
    """What a whole model needs.

    Args:
        nodes: how many steps it has, the losses left out.
        parameters: its weights; ``trainable`` those that learn.
        step_bytes: what one step of training keeps in memory, at this ``batch``.
        batch: examples in it.
        episodes: how many episodes those are; None where they are none.
        unit: what the examples are.
    """

    nodes: int
    parameters: int
    trainable: int
    step_bytes: int
    batch: int
    episodes: int | None = None
    unit: str = "examples"

    @property
    def text(self) -> str:
        """The totals in a line."""
        batch = f"batch {self.batch}"
        if self.episodes is not None:
            batch = f"{self.batch:,} {self.unit} ({self.episodes:,} episodes)"
        frozen = f" ({count(self.trainable)} trained)" if self.trainable != self.parameters else ""
        return (
            f"{self.nodes} nodes, {count(self.parameters)} parameters{frozen}, "
            f"about {gib(self.step_bytes)} a training step at {batch}"
        )


def totals(shaped: Shaped, batch: int, episodes: EpisodeBatch | None = None) -> Totals:
    """What the model needs, its shapes having been worked out at this batch, of these episodes if of any."""
    facts = shaped.facts.values()
    return Totals(
        nodes=len(shaped.plan.steps),
        parameters=sum(f.parameters for f in facts),
        trainable=sum(f.trainable for f in facts),
        step_bytes=training_bytes(facts),
        batch=batch,
        episodes=None if episodes is None else episodes.count,
        unit="pictures" if "image" in shaped.plan.reserved else "examples",
    )


def rows(shaped: Shaped, batch: int, flops: Mapping[str, int]) -> Iterator[NodeSummary]:
    """The steps of the model in the order of computation, then those of the losses.

    Args:
        shaped: the model.
        batch: examples in the batch that it was shaped for.
        flops: step -> floating point operations of that batch.
    """
    for step in shaped.steps:
        facts, cost = shaped.facts[step.name], flops.get(step.name, 0) // batch
        yield NodeSummary(
            node=step.name,
            block=step.declaration.name if step.declaration else step.op,
            outputs=tuple(_outputs(step, facts)),
            parameters=f"shared with {step.share}" if step.share else _parameters(facts),
            flops=count(cost) if cost else "",
        )


def made_for_real(shaped: Shaped) -> list[str]:
    """What is said of nodes whose constructors need weights with values, which takes their memory and time."""
    names = [step.name for step in shaped.steps if shaped.facts[step.name].construction == "real"]
    return [f"`{name}` was made with real weights to learn its shapes: its constructor reads them" for name in names]


def output_shapes(value: Any) -> str:
    """The shape at a port; one for each tensor of a list."""
    return ", ".join(map(shape_text, value)) if isinstance(value, list) else shape_text(value)


def count(number: int) -> str:
    """A large number as one reads it, in three digits: ``11.2 M``."""
    for size, unit in ((10**12, "T"), (10**9, "G"), (10**6, "M"), (10**4, "k")):
        if number >= size:
            shown = number / (1000 if unit == "k" else size)
            decimals = max(0, 3 - len(str(int(shown))))
            return f"{shown:.{decimals}f} {unit}"
    return str(number)


def _outputs(step: Step, facts: Facts) -> Iterator[str]:
    for port, value in facts.outputs.items():
        yield output_shapes(value) if port == "out" else f"{port}: {output_shapes(value)}"


def _parameters(facts: Facts) -> str:
    if not facts.parameters:
        return ""
    frozen = " (frozen)" if not facts.trainable else f" ({count(facts.trainable)} trained)"
    return count(facts.parameters) + (frozen if facts.trainable != facts.parameters else "")
