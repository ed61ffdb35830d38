"""What a model needs to train, and what the machine has, compared before anything is allocated."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import torch

from compose.errors import Note, SpecError
from compose.model.facts import Facts
from compose.processes.launched import world_size
from compose.spec.wiring.plan import Step

BYTES_PER_WEIGHT = 4
BYTES_PER_TRAINED_WEIGHT = 12
"""Beside the weight itself: the gradient and Adam's two moments, float32."""


def training_bytes(facts: Iterable[Facts], *, weight_parts: int = 1, batch_parts: int = 1) -> int:
    """The bytes that one training step needs: weights, gradients, optimizer state, saved activations.

    Args:
        facts: what is known of each step.
        weight_parts: among how many processes the weights are shared, of which each node's come together in turn.
        batch_parts: among how many processes the examples of a batch are.
    """
    known = list(facts)
    weights = sum(f.parameters * BYTES_PER_WEIGHT + f.trainable * BYTES_PER_TRAINED_WEIGHT for f in known)
    together = max((f.parameters * BYTES_PER_WEIGHT for f in known), default=0) if weight_parts > 1 else 0
    return weights // weight_parts + together + sum(f.saved_bytes for f in known) // batch_parts


def machine_bytes() -> tuple[int, str]:
    """The memory that a model may use here, and whose it is."""
    if torch.cuda.is_available():
        return torch.cuda.mem_get_info()[1], f"the GPU ({torch.cuda.get_device_name()})"
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for limit in ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"):
        try:
            total = min(total, int(Path(limit).read_text()))
        except (OSError, ValueError):
            continue
    return total, "this machine"


def check_memory(
    steps: Iterable[Step], facts: dict[str, Facts], batch: int, *, weight_parts: int = 1
) -> list[SpecError]:
    """An error at the node that needs most, where a training step cannot fit.

    Args:
        steps: of the model and its losses.
        facts: step -> what is known of it.
        batch: examples in a batch, over all processes.
        weight_parts: among how many processes the weights are shared.
    """
    needed = training_bytes(facts.values(), weight_parts=weight_parts, batch_parts=world_size())
    there, whose = machine_bytes()
    if needed <= there:
        return []
    by_size = sorted((step for step in steps if step.name in facts), key=lambda s: -training_bytes([facts[s.name]]))
    notes = [_needs(step, facts[step.name]) for step in by_size[:3]]
    message = f"the model needs about {gib(needed)} to train at batch {batch}, {whose} has {gib(there)}"
    return [SpecError("too-large", message, by_size[0].place, "a smaller batch or model", None, notes)]


def _needs(step: Step, facts: Facts) -> Note:
    activations = gib(facts.saved_bytes)
    return Note(f"`{step.name}`: {facts.parameters:,} weights, {activations} of activations", step.place)


def gib(count: int) -> str:
    """Bytes as one reads them."""
    return f"{count / 2**30:,.1f} GiB" if count >= 2**29 else f"{count / 2**20:,.1f} MiB"
