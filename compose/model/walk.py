"""Walk a plan on tensors without storage: every shape, size and cost is known before a weight is allocated."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.utils.flop_counter import FlopCounterMode

from compose.block import BlockError
from compose.declaration import Port
from compose.errors import Note, Place, SpecError
from compose.model.dims import Bindings, Mismatch, shape_text
from compose.registry import Registry
from compose.spec.plan import Ref, Step, Value, refs
from compose.spec.tree import place_of

Fake = Any
"""A fake tensor, a list of them, or None where the step that gives it failed."""


@dataclass
class Facts:
    """What the walk found about one step.

    Args:
        sizes: the constructor arguments bound from shapes.
        outputs: output port -> shape, or a list of shapes.
        parameters: how many weights; ``trainable`` those that learn.
        flops: floating point operations of one forward at the walk's batch.
        saved_bytes: what autograd keeps for the backward pass.
        weights: parameter name -> shape.
    """

    sizes: dict[str, Any] = field(default_factory=dict)
    outputs: dict[str, Any] = field(default_factory=dict)
    parameters: int = 0
    trainable: int = 0
    flops: int = 0
    saved_bytes: int = 0
    weights: dict[str, tuple[int, ...]] = field(default_factory=dict)


class Walk:
    """One pass over the steps of a plan.

    Args:
        registry: where the blocks are.
        inputs: reserved source -> shape and dtype.
        where: the place in the spec that a reserved source's shape comes from.
        mode: the fake mode, shared by walks whose tensors meet.
    """

    def __init__(
        self,
        registry: Registry,
        inputs: dict[str, tuple[tuple[int, ...], torch.dtype]],
        where: Callable[[str], Place | None],
        mode: FakeTensorMode | None = None,
    ) -> None:
        self.registry, self.where = registry, where
        self.mode = mode or FakeTensorMode()
        self.errors: list[SpecError] = []
        self.facts: dict[str, Facts] = {}
        self.modules: dict[str, nn.Module] = {}
        self.values: dict[tuple[str, str], Fake] = {}
        self.places: dict[str, Place] = {}
        with self.mode:
            for name, (shape, dtype) in inputs.items():
                self.values["", name] = torch.zeros(shape, dtype=dtype)

    def run(self, steps: Iterable[Step], *, known: Walk | None = None, changed: set[str] = frozenset()) -> None:  # type: ignore[assignment]
        """Walk these steps; those not in ``changed`` are taken over from ``known``."""
        for step in steps:
            self.places[step.name] = step.place
            if known is not None and step.name not in changed:
                self._take_over(step, known)
            else:
                self._step(step)

    def _take_over(self, step: Step, known: Walk) -> None:
        self.facts[step.name] = known.facts[step.name]
        if step.name in known.modules:
            self.modules[step.name] = known.modules[step.name]
        self.values |= {key: value for key, value in known.values.items() if key[0] == step.name}

    def value(self, ref: Ref) -> Fake:
        """The fake tensor behind a reference; None where it could not be computed."""
        found = self.values.get((ref.step, ref.port))
        if ref.index is None or found is None:
            return found
        return found[ref.index] if isinstance(found, (list, tuple)) and ref.index < len(found) else None

    # --- one step -------------------------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        self.facts[step.name] = Facts()
        fed = {port: self._fed(step, port, value) for port, value in step.inputs.items()}
        if any(value is None for value in fed.values()):
            return
        if step.op == "stack":
            self._stack(step, fed["tensors"])
            return
        assert step.declaration is not None
        bindings = self._bind(step, fed)
        module = self._module(step, bindings) if bindings is not None else None
        if module is None or bindings is None:
            return
        self.modules[step.name] = module
        result = self._forward(step, module, fed)
        if result is not None:
            self._record(step, module, bindings, result)

    def _fed(self, step: Step, port: str, value: Value) -> Fake:
        if isinstance(value, tuple):
            found = [self.value(ref) for ref in value]
            flat = [t for item in found for t in (item if isinstance(item, (list, tuple)) else [item])]
            return None if any(tensor is None for tensor in found) else flat
        found = self.value(value)
        if found is None and value.index is not None:
            self._bad_index(step, value)
        return found

    def _bad_index(self, step: Step, ref: Ref) -> None:
        whole = self.values.get((ref.step, ref.port))
        if isinstance(whole, (list, tuple)):
            message = f"`{ref.step}.{ref.port}` holds {len(whole)} tensors, `{ref}` asks for one more"
            self._error(step, "unknown-port", message, ref.place, f"an index from 0 to {len(whole) - 1}")
        elif whole is not None:
            self._error(
                step,
                "unknown-port",
                f"`{ref.step}.{ref.port}` is one tensor, no list",
                ref.place,
                f"`{ref.step}.{ref.port}`",
            )

    def _stack(self, step: Step, tensors: list[Tensor]) -> None:
        shapes = {tuple(tensor.shape) for tensor in tensors}
        if len(shapes) > 1:
            shown = ", ".join(sorted(map(shape_text, shapes)))
            self._error(
                step, "shape-mismatch", f"the copies of `{step.name}` differ in shape and cannot be stacked: {shown}"
            )
            return
        with self.mode:
            out = torch.stack(tensors)
        self.values[step.name, "out"] = out
        self.facts[step.name].outputs["out"] = tuple(out.shape)

    # --- shapes ---------------------------------------------------------------------------------------------------

    def _bind(self, step: Step, fed: dict[str, Fake]) -> Bindings | None:
        assert step.declaration is not None
        bindings = Bindings()
        good = True
        for port in step.declaration.inputs:
            if port.name in fed:
                try:
                    self._bind_port(port, fed[port.name], bindings, step)
                except Mismatch as mismatch:
                    self._mismatch(step, mismatch, fed)
                    good = False
        return bindings if good else None

    def _bind_port(self, port: Port, value: Fake, bindings: Bindings, step: Step) -> None:
        is_list = isinstance(value, (list, tuple))
        if is_list and not port.many:
            raise Mismatch(f"`{port.name}` takes one tensor, got a list of {len(value)}", port)
        tensors = list(value) if is_list else [value]
        wrong = next((t.dtype for t in tensors if not _dtype_fits(port.dtype, t.dtype)), None)
        if wrong is not None:
            raise Mismatch(f"`{port.name}` takes {port.dtype} values, got {str(wrong).removeprefix('torch.')}", port)
        if port.many:
            bindings.bind_list(port, [tuple(t.shape) for t in tensors])
        else:
            bindings.bind(port, tuple(value.shape))

    def _mismatch(self, step: Step, mismatch: Mismatch, fed: dict[str, Fake]) -> None:
        notes = [self._port_note(step, port, fed[port.name]) for port in mismatch.ports]
        here = f"`{_feeds(step, mismatch.port.name)}`"
        if len(mismatch.ports) > 1 and mismatch.other:
            there = f"`{_feeds(step, mismatch.other.port.name)}`"
            sizes = f"{mismatch.letter} is {mismatch.other.size} in {there} and {mismatch.size} in {here}"
            message = f"{there} and {here} do not fit together in `{step.name}`: {sizes}"
        else:
            message = f"{here} does not fit `{step.name}.{mismatch.port.name}`: {mismatch}"
        place = next((ref.place for ref in refs(step.inputs[mismatch.port.name]) if ref.place), None)
        self._error(step, "shape-mismatch", message, place, notes=notes)

    def _port_note(self, step: Step, port: Port, value: Fake) -> Note:
        tensors = value if isinstance(value, (list, tuple)) else [value]
        shapes = ", ".join(shape_text(t.shape) for t in tensors)
        ref = refs(step.inputs[port.name])[0]
        place = self.places.get(ref.step) if ref.step else self.where(ref.port)
        return Note(f"`{ref}` is {shapes}; `{step.name}.{port.name}` takes {port.shape}", place)

    # --- construction and forward ---------------------------------------------------------------------------------

    def _module(self, step: Step, bindings: Bindings) -> nn.Module | None:
        declaration = step.declaration
        assert declaration is not None
        sizes: dict[str, Any] = {}
        for size in declaration.sizes:
            found = bindings.lists.get(size.dim) if size.many else getattr(bindings.sizes.get(size.dim), "size", None)
            if found is None:
                self._error(
                    step,
                    "unbound-dim",
                    f"nothing binds `{size.dim}`, which `{step.name}` needs",
                    None,
                    "an optional input that carries it",
                )
                return None
            sizes[size.name] = found
        self.facts[step.name].sizes = sizes
        if step.share is not None:
            return self._shared(step, sizes)
        try:
            with self.mode:
                return self.registry.construct(declaration.kind, declaration.name, {**sizes, **step.params})  # type: ignore[no-any-return]
        except BlockError as error:
            self._error(step, "bad-parameter", f"`{step.name}`: {error}", self._parameter_place(step, error.parameter))
        except Exception as error:
            self._error(
                step,
                "block-failed",
                f"`{step.name}` cannot be made: {_first_line(error)}",
                notes=self._input_notes(step),
            )
        return None

    def _shared(self, step: Step, sizes: dict[str, Any]) -> nn.Module | None:
        owner = step.share or ""
        if owner in self.facts and self.facts[owner].sizes == sizes:
            return self.modules.get(owner)
        if owner in self.modules:
            ours, theirs = (", ".join(f"{k} {v}" for k, v in s.items()) for s in (sizes, self.facts[owner].sizes))
            self._error(
                step,
                "shape-mismatch",
                f"`{step.name}` cannot use the weights of `{owner}`: {ours} here, {theirs} there",
            )
        return None

    def _parameter_place(self, step: Step, parameter: str | None) -> Place | None:
        return place_of(step.tree, (parameter,)) if parameter and parameter in step.tree.items else None

    def _forward(self, step: Step, module: nn.Module, fed: dict[str, Fake]) -> Any:
        saved: dict[int, int] = {}
        own = {id(p) for p in module.parameters()}

        def pack(tensor: Tensor) -> Tensor:
            if id(tensor) not in own:
                saved[tensor.untyped_storage()._cdata] = tensor.untyped_storage().nbytes()
            return tensor

        counter = FlopCounterMode(display=False)
        try:
            with self.mode, counter, torch.autograd.graph.saved_tensors_hooks(pack, lambda t: t), nullcontext():
                result = module(**fed)
        except Exception as error:
            self._error(
                step,
                "block-failed",
                f"`{step.name}` fails on these shapes: {_first_line(error)}",
                notes=self._input_notes(step),
            )
            return None
        self.facts[step.name].flops = counter.get_total_flops()
        self.facts[step.name].saved_bytes = sum(saved.values())
        return result

    def _record(self, step: Step, module: nn.Module, bindings: Bindings, result: Any) -> None:
        assert step.declaration is not None
        facts = self.facts[step.name]
        outputs = step.declaration.outputs
        found = tuple(result) if hasattr(result, "_fields") else (result,)
        for port, value in zip(outputs, found, strict=True):
            try:
                self._bind_port(port, value, bindings, step)
            except Mismatch as mismatch:
                got = shape_text(value.shape) if isinstance(value, Tensor) else "a list"
                self._error(
                    step,
                    "output-shape",
                    f"`{step.name}.{port.name}` is {got}, its block declares {port.shape}: {mismatch}",
                )
            self.values[step.name, port.name] = list(value) if isinstance(value, (list, tuple)) else value
            facts.outputs[port.name] = (
                [tuple(t.shape) for t in value] if isinstance(value, (list, tuple)) else tuple(value.shape)
            )
        facts.weights = {name: tuple(p.shape) for name, p in module.named_parameters()}
        if step.share is None:
            facts.parameters = sum(p.numel() for p in module.parameters())
            facts.trainable = sum(p.numel() for p in module.parameters() if p.requires_grad)

    # --- errors ---------------------------------------------------------------------------------------------------

    def _input_notes(self, step: Step) -> list[Note]:
        assert step.declaration is not None
        wired = [port for port in step.declaration.inputs if port.name in step.inputs]
        return [self._port_note(step, port, self._fed(step, port.name, step.inputs[port.name])) for port in wired]

    def _error(
        self, step: Step, code: str, message: str, place: Place | None = None, expected: str | None = None,
        notes: Iterable[Note] = (),
    ) -> None:  # fmt: skip
        self.errors.append(SpecError(code, message, place or step.place, expected, None, tuple(notes)))


def _feeds(step: Step, port: str) -> str:
    return ", ".join(str(ref) for ref in refs(step.inputs[port]))


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]


def _dtype_fits(wanted: str, dtype: torch.dtype) -> bool:
    is_int = not dtype.is_floating_point and not dtype.is_complex and dtype != torch.bool
    fits = {"float": dtype.is_floating_point, "int": is_int, "bool": dtype == torch.bool}
    return fits.get(wanted, True)
