"""A block that is tried: made with the sizes of its ports, called, and told of at its lines."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

import torch
from torch import Tensor, nn

from compose.block import BlockError
from compose.block_test.trial_inputs import Inputs, each, random_inputs
from compose.block_test.trial_sizes import TrialSizes
from compose.errors import Document, Place, SpecError
from compose.model.dims import Bindings
from compose.model.failures.failing_call import failing_call
from compose.model.failures.failure import block_failed
from compose.model.fit import bind, results
from compose.model.made_module import bound_sizes, refused
from compose.model.seeded import seeded
from compose.registry.declaration import Declaration
from compose.registry.python_place import place_of_argument, place_of_class
from compose.registry.registry import Registry
from compose.registry.user_code import at_work, is_mistake
from compose.spec.wiring.plan import Ref, Step, Value
from compose.spec.yaml.tree import Mapping as Tree

SEED = 0
"""What weights and inputs are drawn by."""

NOWHERE = Tree(Place(Document("compose test-block", ()), 1, 1), {}, {})
"""The parameters of a block of which none is set."""
REFUSALS = ("shape-mismatch", "bad-parameter", "refused")
"""Codes of what a block may have against the sizes that it is tried with, or the lack of an input."""


class Failed(Exception):
    """A block does not do what it should.

    Args:
        error: what is wrong, at its line.
    """

    def __init__(self, error: SpecError) -> None:
        super().__init__(error.message)
        self.error = error

    def at_block(self, node: Place) -> SpecError:
        """The error without the node, of which a block that is tried alone has none."""
        notes = [note for note in self.error.notes if note.place != node]
        place = self.error.place
        if place == node:
            place = next((note.place for note in notes if note.place), None)
            notes = [note for note in notes if note.place != place]
        return replace(self.error, place=place, notes=notes)


@dataclass(frozen=True)
class BlockTrial:
    """A block, its parameters and the sizes it is tried with.

    Args:
        registry: where it is.
        declaration: what it declares.
        params: the parameters that are set.
        sizes: the size of each letter of its ports.
        wired: the input ports that get values.
        tree: the parameters as they are written.
    """

    registry: Registry
    declaration: Declaration
    params: Mapping[str, Any]
    sizes: TrialSizes
    wired: frozenset[str]
    tree: Tree = NOWHERE

    @property
    def step(self) -> Step:
        """The block as a node of a model, each port fed by an input of its name."""
        place = NOWHERE.place
        fed: dict[str, Value] = {
            port.name: Ref("", port.name) for port in self.declaration.inputs if port.name in self.wired
        }
        return Step(self.declaration.name, "block", self.declaration, dict(self.params), fed, None, place, self.tree)

    def dry_step(self) -> tuple[Step, dict[str, Tensor]]:
        """The block as a node of which each tensor is an input of its own, and those: ``PORT.0`` for one of a list."""
        named = {
            port: [f"{port}.{place}" for place in range(len(value))] if isinstance(value, list) else port
            for port, value in self.inputs().items()
        }
        given = [tensor for value in self.inputs().values() for tensor in each(value)]
        names = [name for value in named.values() for name in (value if isinstance(value, list) else [value])]
        fed: dict[str, Value] = {
            port: tuple(Ref("", one) for one in name) if isinstance(name, list) else Ref("", name)
            for port, name in named.items()
        }
        return replace(self.step, inputs=fed), dict(zip(names, given, strict=True))

    def error(self, message: str, at: str, code: str = "block-failed", *, expected: str | None = None) -> SpecError:
        """An error of the block.

        Args:
            message: what is wrong.
            at: where: an argument of ``forward``, ``return`` for its result, ``__init__`` for the class.
            code: what kind of mistake it is.
            expected: what is right.
        """
        forward = inspect.getattr_static(self.cls, "forward")
        place = place_of_class(self.cls) if at == "__init__" else place_of_argument(forward, at)
        return SpecError(code, message, place, expected)

    @property
    def cls(self) -> type:
        """The class."""
        return self.registry.load(self.declaration.kind, self.declaration.name)

    def with_letter(self, letter: str, size: int) -> BlockTrial:
        """The same with one letter of another size."""
        return replace(self, sizes=self.sizes.with_letter(letter, size))

    def inputs(self, seed: int = SEED) -> Inputs:
        """Values for its ports."""
        return random_inputs(self.declaration, self.sizes, seed, wired=self.wired)

    def made(self, seed: int = SEED) -> nn.Module:
        """The module with weights.

        Raises:
            Failed: it cannot be made.
        """
        sizes = bound_sizes(self.step, self.bindings(self.inputs()))
        with self.told("cannot be made with its weights"), seeded(seed), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            made: nn.Module = self.registry.construct(
                self.declaration.kind, self.declaration.name, {**sizes, **self.params}
            )
        return made

    def bindings(self, inputs: Inputs) -> Bindings:
        """The letters as the inputs bind them."""
        bindings = Bindings()
        for port in self.declaration.inputs:
            if port.name in inputs:
                bind(port, inputs[port.name], bindings)
        return bindings

    def called(self, module: nn.Module, inputs: Inputs, doing: str) -> dict[str, Any]:
        """What the module gives at each output port.

        Args:
            module: the module.
            inputs: its inputs.
            doing: ends the sentence "`block` ..." where it fails.

        Raises:
            Failed: it raises an exception.
        """
        with self.told(doing, module, inputs):
            given = module(**inputs)
        return {port.name: value for port, value in results(self.step, module, given)}

    def tensors(self, outputs: Mapping[str, Any]) -> list[Tensor]:
        """The tensors of all outputs."""
        return [tensor for value in outputs.values() for tensor in each(value)]

    def check_shapes(self, inputs: Inputs, outputs: Mapping[str, Any]) -> None:
        """Compare what a block gives with what it declares.

        Raises:
            Mismatch: a shape or kind of number is another.
        """
        bindings = self.bindings(inputs)
        for port in self.declaration.outputs:
            bind(port, outputs[port.name], bindings)

    @contextmanager
    def told(self, doing: str, module: nn.Module | None = None, inputs: Inputs | None = None) -> Iterator[None]:
        """What the block raises inside is told at its line.

        Raises:
            Failed: it raises an exception.
        """
        try:
            with at_work():
                yield
        except (Failed, MemoryError, torch.OutOfMemoryError):
            raise
        except BlockError as error:
            raise Failed(refused(self.step, "refused", error)) from error
        except BaseException as error:  # whatever the block does
            if not is_mistake(error):
                raise
            call = failing_call(lambda: module(**inputs))[0] if module is not None and inputs is not None else ""
            raise Failed(block_failed(self.step, self.cls, error, doing, call)) from error
