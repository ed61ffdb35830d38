"""Walk a plan on tensors without storage: every shape, size and cost is known before a weight is allocated."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn

from compose.errors import Note, Place, SpecError
from compose.model.dims import Bindings, Mismatch, shape_text
from compose.model.facts import Facts, Flow
from compose.model.failures.failure import block_failed
from compose.model.failures.misfit import End, Misfit
from compose.model.fit import Fake, bind, bind_inputs, check_given, output_error, port_note, results, several
from compose.model.index_ranges import IndexRanges
from compose.model.made_module import bound_sizes, make
from compose.model.meta import META
from compose.model.trial import Trial, run, tensors
from compose.registry.declaration import Port
from compose.registry.registry import Registry
from compose.spec.wiring.plan import Ref, Step, Term, Value, refs

SCALAR = Port("", (), "float", optional=False, many=False, doc="")
"""What a term of the loss takes."""


class Walk:
    """One pass over the steps of a plan. A step that fails leaves an error, and those that read it are passed over.

    Args:
        registry: where the blocks are.
        inputs: reserved input -> shape and dtype.
        where: the place in the spec that a reserved input's shape comes from.
        inference: whether modules are in evaluation mode.
        known: a walk over the same steps, whose modules are tried, without sending gradients back again.
        ranges: reserved input -> the integers that it holds, where they count something.
    """

    def __init__(
        self,
        registry: Registry,
        inputs: dict[str, tuple[tuple[int, ...], torch.dtype]],
        where: Callable[[str], Place | None],
        *,
        inference: bool = False,
        known: Walk | None = None,
        ranges: Mapping[str, range] | None = None,
    ) -> None:
        self.registry, self.where, self._inference, self._inputs = registry, where, inference, inputs
        self.ranges = ranges or {}
        self._indices = IndexRanges(self.ranges)
        self._known = known
        self.errors: list[SpecError] = []
        self.facts: dict[str, Facts] = {}
        self.modules: dict[str, nn.Module] = {}
        self.values: dict[tuple[str, str], Fake] = {}
        self.places: dict[str, Place] = {}
        self.params: dict[str, dict[str, Any]] = {}
        self.finished: set[str] = set()
        for name, (shape, dtype) in inputs.items():
            try:
                self.values["", name] = torch.zeros(shape, dtype=dtype, device=META)
            except RuntimeError:  # whoever reads it is passed over
                message = f"`{name}` would be {shape_text(shape)}, more numbers than a tensor holds"
                self.errors.append(SpecError("out-of-range", message, where(name)))

    def run(self, steps: Iterable[Step]) -> None:
        """Walk these steps."""
        for step in steps:
            self.places[step.name], self.params[step.name] = step.place, step.params
            self.facts[step.name] = Facts()
            before = len(self.errors)
            try:
                self._step(step)
            except SpecError as error:
                self.errors.append(error)
            self.errors[before:] = self._new(step, self.errors[before:], self.errors[:before])

    def _new(self, step: Step, found: list[SpecError], known: list[SpecError]) -> list[SpecError]:
        """What a step adds to the known mistakes, with the nodes that it is part of.

        A composite whose inputs are not what it says is told as such: what is wrong inside follows from that.
        """
        for around in step.within if found else ():
            found, step = (unfit, around) if (unfit := self._unfit(around)) else (found, step)
        told = {(error.code, error.message, error.place) for error in known}
        new = [error for error in found if (error.code, error.message, error.place) not in told]
        return [replace(error, notes=(*error.notes, *step.uses)) for error in new]

    def _unfit(self, step: Step) -> list[SpecError]:
        """What feeds a composite and is not what its inputs say."""
        try:
            fed = {port: value for port, value in self.fed(step).items() if value is not None}
        except SpecError:
            return []
        return bind_inputs(step, fed, self._producer)[1]

    def check_term(self, term: Term) -> None:
        """Refuse a term of the loss that takes a port as it is, where that is no scalar."""
        end = End(("loss", term.name, "in"), term.value, SCALAR)
        value = None if term.step else self.check_one(end)
        if value is not None and len(value.shape):
            message = f"the term `{term.name}` takes `{term.value}` as it is, which is {shape_text(value.shape)}"
            expected = "a scalar, or `use:` and a loss that makes one of it"
            self.errors.append(Misfit("shape-mismatch", message, term.value.place, expected, at=end))

    def check_one(self, end: End) -> Tensor | None:
        """The tensor that leaves the model somewhere, such as the scores; None where there is none."""
        try:
            value = self._value(end.value)
        except Misfit as error:
            self.errors.append(replace(error, at=end))
            return None
        except SpecError as error:
            self.errors.append(error)
            return None
        assert value is None or isinstance(value, Tensor), "a port that takes one asks for one"
        return value

    def anew(self) -> Walk:
        """A walk with the same inputs that has not begun."""
        return Walk(self.registry, self._inputs, self.where, ranges=self.ranges)

    def take_over(self, step: Step, known: Walk) -> None:
        """Take the result of a step from another walk, in whose shapes nothing has changed for it."""
        self.places[step.name], self.facts[step.name] = step.place, known.facts[step.name]
        self.params[step.name] = step.params
        self.finished.add(step.name)
        self._indices.take_over(step, known._indices)
        self.modules |= {name: module for name, module in known.modules.items() if name == step.name}
        self.values |= {key: value for key, value in known.values.items() if key[0] == step.name}

    # --- one step -------------------------------------------------------------------------------------------------

    def _step(self, step: Step) -> None:
        fed = self.fed(step)
        if any(value is None for value in fed.values()):
            return
        if step.op == "stack":
            self._stack(step, fed["tensors"])
            return
        bindings, errors = bind_inputs(step, fed, self._producer)
        self.errors += errors
        if errors:
            return
        facts = self.facts[step.name]
        facts.sizes = bound_sizes(step, bindings)
        facts.letters = bindings.single
        module = self._module(step)
        if module is None:
            return
        self.modules[step.name] = module
        try:
            trial = run(
                step,
                module.train(not self._inference),
                fed,
                backward=self._known is None,
                graph=not self._inference,
            )
        except SpecError as error:
            raise replace(error, notes=(*error.notes, *self._input_notes(step, fed))) from error
        self._record(step, module, bindings, trial)
        try:
            self.errors += self._indices.follow(step, module, fed, self._producer)
        except Exception as error:  # whatever the block does
            raise block_failed(step, type(module), error, "fails to say what its indices count") from error

    def _module(self, step: Step) -> nn.Module | None:
        """The step's own module, or that of the step whose weights it shares."""
        sizes = self.facts[step.name].sizes
        if self._known and step.name in self._known.modules:
            return self._module_again(step, self._known)
        if step.share is None:
            made, facts = make(step, sizes, self.registry), self.facts[step.name]
            facts.construction, facts.warned = made.way, made.warned
            return made.module
        owner = self.modules.get(step.share)
        theirs = self.facts[step.share].sizes
        if owner is not None and theirs != sizes and self._other_weights(step, {**theirs, **sizes}, owner):
            shown = ["; ".join(f"{name} {value}" for name, value in found.items()) for found in (sizes, theirs)]
            message = f"`{step.name}` cannot use the weights of `{step.share}`: {shown[0]} here, {shown[1]} there"
            raise SpecError("shape-mismatch", message, step.place)
        return owner

    def _module_again(self, step: Step, known: Walk) -> nn.Module:
        """The module that an earlier walk made: a trained one serves other sizes, too.

        Where the step is bound to other sizes here, it is also made for these, to see what weights it would have.
        """
        facts = self.facts[step.name]
        facts.construction = known.facts[step.name].construction
        if step.share is None and known.facts[step.name].sizes != facts.sizes:
            facts.weights = _shapes(make(step, facts.sizes, self.registry).module)
        return known.modules[step.name]

    def _other_weights(self, step: Step, sizes: dict[str, Any], owner: nn.Module) -> bool:
        """Whether a step needs weights of other shapes than those that it shares.

        Not every size shapes a weight: a norm of channels is bound to the whole shape of its input.
        """
        assert step.share is not None
        made = make(replace(step, params=self.params[step.share]), sizes, self.registry).module
        shapes = [{name: tensor.shape for name, tensor in module.state_dict().items()} for module in (made, owner)]
        return shapes[0] != shapes[1]

    def _record(self, step: Step, module: nn.Module, bindings: Bindings, trial: Trial) -> None:
        facts, given = self.facts[step.name], {}
        for port, value in results(step, module, trial.result):
            try:
                bind(port, value, bindings)
                check_given(port, value, (tensor for fed in trial.fed.values() for _, tensor in tensors(fed)))
            except Mismatch as mismatch:
                self.errors.append(output_error(step, module, port, value, mismatch))
                continue
            is_list, given[port.name] = isinstance(value, (list, tuple)), value
            self.values[step.name, port.name] = [_leaf(tensor) for tensor in value] if is_list else _leaf(value)
            facts.outputs[port.name] = [tuple(t.shape) for t in value] if is_list else tuple(value.shape)
        facts.flows, facts.saved_bytes = trial.flows(given), trial.saved_bytes
        facts.weights = facts.weights or _shapes(module)
        facts.learning = frozenset(name for name, p in module.named_parameters() if p.requires_grad)
        self.finished.add(step.name)
        if step.share is None:
            facts.parameters = sum(p.numel() for p in module.parameters())
            facts.trainable = sum(p.numel() for p in module.parameters() if p.requires_grad)

    def _stack(self, step: Step, tensors: list[Tensor]) -> None:
        shapes = list(dict.fromkeys(tuple(tensor.shape) for tensor in tensors))
        if len(shapes) > 1:
            message = f"the copies differ in shape and cannot be stacked: {', '.join(map(shape_text, shapes))}"
            raise SpecError("shape-mismatch", f"`{step.name}`: {message}", step.place)
        self.values[step.name, "out"] = _leaf(torch.stack(tensors))
        self.finished.add(step.name)
        facts = self.facts[step.name]
        facts.outputs["out"] = (len(tensors), *shapes[0])
        learned = [
            ref for ref, tensor in zip(refs(step.inputs["tensors"]), tensors, strict=True) if tensor.requires_grad
        ]
        facts.flows = {("out", None): Flow(frozenset(learned))} if learned else {}

    # --- values ---------------------------------------------------------------------------------------------------

    def fed(self, step: Step) -> dict[str, Fake]:
        """What reaches each port of a step."""
        found: dict[str, Fake] = {}
        for port, value in step.inputs.items():
            try:
                found[port] = self._fed(value)
            except Misfit as error:
                raise replace(error, place=error.place or step.place, at=step, ports=(port,)) from error
            except SpecError as error:
                raise replace(error, place=error.place or step.place) from error
        return found

    def _fed(self, value: Value) -> Fake:
        """What reaches a port; None where a step before it has failed."""
        if not isinstance(value, tuple):
            return self._value(value)
        found = [self._value(ref) for ref in value]
        return None if any(tensor is None for tensor in found) else found

    def held(self, ref: Ref) -> Fake:
        """What a reference means; None where nothing is known of it, or it is one of several."""
        try:
            return self._value(ref)
        except SpecError:
            return None

    def _value(self, ref: Ref) -> Fake:
        whole = self.values.get((ref.step, ref.port))
        if ref.index is None or whole is None:
            return whole
        if not isinstance(whole, list):
            message, expected = f"`{ref.step}.{ref.port}` is one tensor, no list", f"`{ref.step}.{ref.port}`"
            raise SpecError("unknown-port", message, ref.place, expected)
        if ref.sole and len(whole) > 1:
            raise several(ref, whole, self._beside(ref))
        if ref.of and ref.of.length != len(whole):
            message = f"`{ref.step}.{ref.port}` holds {len(whole)} tensors, and {ref.of.length} are taken one by one"
            raise SpecError("list-length", message, ref.of.place, f"a list of {ref.of.length}")
        if ref.index >= len(whole):
            message = f"`{ref.step}.{ref.port}` holds {len(whole)} tensors"
            raise SpecError("unknown-port", message, ref.place, f"an index from 0 to {len(whole) - 1}")
        return whole[ref.index]

    def _beside(self, ref: Ref) -> dict[str, Tensor]:
        """The ports beside one that hold a single tensor."""
        ports = {port: value for (step, port), value in self.values.items() if step == ref.step and port != ref.port}
        return {port: value for port, value in ports.items() if isinstance(value, Tensor)}

    def _producer(self, ref: Ref) -> Place | None:
        return self.places.get(ref.step) if ref.step else self.where(ref.port)

    def _input_notes(self, step: Step, fed: dict[str, Fake]) -> list[Note]:
        assert step.declaration is not None
        wired = [port for port in step.declaration.inputs if port.name in fed]
        return [port_note(step, port, fed[port.name], self._producer) for port in wired]


def _leaf(tensor: Tensor) -> Tensor:
    """The tensor on its own; it requires a gradient where it carries one."""
    return tensor.detach().requires_grad_(tensor.requires_grad)


def _shapes(module: nn.Module) -> dict[str, tuple[int, ...]]:
    return {name: tuple(parameter.shape) for name, parameter in module.named_parameters()}
