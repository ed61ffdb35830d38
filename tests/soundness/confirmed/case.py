"""A refused spec, and what can be tried with it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any

from compose.errors import SpecError
from compose.registry.registry import Registry
from compose.spec.wiring.reserved import RESERVED
from tests.soundness.interpreter import Failure, Interpreter, packaged_composites
from tests.soundness.world import World, world
from tests.soundness.written import Part, Written

Spec = Mapping[str, Any]


class Case:
    """A refused spec, and what can be tried with it.

    Args:
        spec: the spec.
        text: its text.
        registry: the blocks.
    """

    def __init__(self, spec: Spec, text: Written, registry: Registry) -> None:
        self.spec, self.text, self.registry = spec, text, registry

    def part(self, error: SpecError) -> Part:
        """The part of the spec that an error stands at."""
        place = error.place
        inside = place is not None and place.document.name.startswith("<") and place.line <= len(self.text.parts)
        return self.text.part(place.line) if place and inside else ("", "")

    @cached_property
    def world(self) -> World | str:
        """The world around the model, or why there is none."""
        try:
            return world(self.spec, self.registry)
        except Exception as error:  # whatever its classes raise
            return f"{type(error).__name__}: {error}"

    @cached_property
    def interpreter(self) -> Interpreter:
        """The model on the training inputs."""
        inputs = {} if isinstance(self.world, str) else self.world.training
        return Interpreter(self.spec, self.registry, inputs).run()

    def by_name(self, kind: Any, node: Mapping[str, Any]) -> list[str]:
        """The reserved inputs that feed a node by the names of its ports."""
        used = node.get("use") or self.spec["model"].get(node.get("share"), {}).get("use")
        declaration = self.registry.find(kind, str(used))
        by_port = {reserved.port: name for name, reserved in RESERVED.items()}
        body = self.spec.get("blocks", {}).get(used) or packaged_composites().get(str(used))
        inner = [name for part in body["model"].values() for name in self.by_name("block", part)] if body else []
        return [by_port[port.name] for port in declaration.inputs if port.name in by_port] if declaration else inner

    def reads(self, ends: Sequence[str]) -> set[str]:
        """The reserved inputs that some references depend on, as far as the texts tell."""
        return {text for text in self._reached(ends) if text in RESERVED}

    @property
    def nodes_of_scores(self) -> set[str]:
        """The nodes that the scores depend on."""
        return self._reached([str(self.spec.get("scores", "scores"))])

    @property
    def nodes_read(self) -> set[str]:
        """The nodes that the scores or a loss depend on."""
        losses = [text for term in self.spec.get("loss", {}).values() for text in texts(term.get("in"))]
        return self.nodes_of_scores | self._reached(losses)

    def reads_of(self, name: str) -> set[str]:
        """The nodes that a node depends on."""
        node = self.spec["model"][name]
        return self._reached([*texts(node.get("in")), *texts(node.get("share"))])

    def _reached(self, ends: Sequence[str]) -> set[str]:
        seen: set[str] = set()
        waiting = [*ends]
        while waiting:
            text = waiting.pop()
            key = text if text in RESERVED else text.split(".")[0]
            if key in seen:
                continue
            seen.add(key)
            node = self.spec["model"].get(key)
            if isinstance(node, dict):
                waiting += [*texts(node.get("in")), *self.by_name("block", node), *texts(node.get("share"))]
        return seen

    @property
    def failures(self) -> list[Failure]:
        """What goes wrong in the model on the training inputs."""
        return self.interpreter.failures

    @cached_property
    def unchecked(self) -> str:
        """What training and evaluation raise where nothing is checked before; "" where they raise nothing."""
        from compose.api.reading import read
        from compose.training.prepare import prepare
        from compose.training.run_plan import RunPlan
        from compose.training.storage.run_folder import RunFolder
        from compose.training.trainer import train

        with tempfile.TemporaryDirectory() as folder:
            try:
                plan = RunPlan.of(prepare(read(self.text.text)))
            except Exception:  # refused before, which is what is to be confirmed
                return ""
            try:
                outcome = train(plan, RunFolder(Path(folder) / "run"), device="cpu")
            except Exception as error:  # that is what is asked for
                return f"{type(error).__name__}: {error}"
        return "" if outcome.result is None or outcome.result.tasks else "there is no result"


def texts(feed: Any) -> Iterator[str]:
    inner = feed.values() if isinstance(feed, dict) else feed
    if isinstance(feed, str):
        yield feed
    elif isinstance(feed, dict | list):
        for item in inner:
            yield from texts(item)


def quoted(text: str) -> list[str]:
    return text.split("`")[1::2]


def loss_weights(spec: Spec) -> dict[str, float]:
    """What each term of the loss is multiplied by."""
    given = {name: term.get("weight", 1) for name, term in spec.get("loss", {}).items()}
    plain = {name: weight for name, weight in given.items() if isinstance(weight, int | float)}
    others = {name: 1 - plain.get(str(weight)[4:], 1) for name, weight in given.items() if name not in plain}
    return {name: {**plain, **others}[name] for name in given}


Attempt = Callable[[Case, SpecError], bool]
"""Whether something confirms an error."""
