"""Whether what a block gives for one example or label depends on how many there are, or on the others."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from compose.block_test.block_finding import NotApplicable
from compose.block_test.block_trial import SEED, BlockTrial, Failed
from compose.block_test.trial_inputs import Inputs, each
from compose.errors import SpecError
from compose.model.dims import Mismatch, shape_text
from compose.registry.declaration import Port
from compose.registry.dim_name import dim_name
from compose.registry.parameters import argument_of
from compose.registry.python_place import place_of_argument
from compose.spec.wiring.reserved import EXAMPLES, LABEL_DIMS, WAYS

EPISODES = "e"
CLOSE = 1e-4
"""How far two results may lie apart that are computed in another order, in parts of the larger."""


def examples_apart(subject: BlockTrial) -> str:
    """The first example's result stays as it is when the other examples are others, or fewer, in evaluation.

    Raises:
        NotApplicable: a result has no row for each example.
        Failed: it changes.
    """
    rows = [port for port in subject.declaration.outputs if _by_example(port)]
    given = [port.name for port in subject.declaration.inputs if port.name in subject.wired and _by_example(port)]
    if not rows or not given:
        raise NotApplicable("its result has no row for each example")
    module, inputs = subject.made().eval(), subject.inputs()
    other = _with_others(inputs, subject.inputs(SEED + 1), given)
    first, second = (subject.called(module, fed, "fails in evaluation") for fed in (inputs, other))
    for port in rows:
        for one, two in zip(each(first[port.name]), each(second[port.name]), strict=True):
            if not close(one[0], two[0]):
                told = f"`{port.name}` of one example depends on the other examples of its batch, in evaluation"
                expected = "a result for each example by itself; means over a batch only `if self.training`"
                raise Failed(subject.error(told, "return", expected=expected))
    _check_fewer(subject, module)
    return f"`{EXAMPLES}` examples, each by itself"


def _check_fewer(subject: BlockTrial, module: nn.Module) -> None:
    """Call it with one example less, unless the examples are those of episodes."""
    letters = subject.sizes.letters
    if EPISODES in letters or EXAMPLES not in letters or not _is_dim(subject, EXAMPLES):
        return
    fewer = subject.with_letter(EXAMPLES, letters[EXAMPLES] - 1)
    outputs = fewer.called(module, fewer.inputs(), "serves one number of examples alone")
    try:
        fewer.check_shapes(fewer.inputs(), outputs)
    except Mismatch as mismatch:
        raise Failed(subject.error(f"its result does not follow the examples: {mismatch}", "return")) from None


def _by_example(port: Port) -> bool:
    first = dim_name(port.dims[0]) if port.dims else None
    return first is not None and (first.letter == EXAMPLES or first.spread)


def _with_others(inputs: Inputs, others: Inputs, ports: list[str]) -> Inputs:
    """The inputs with all examples but the first taken from other inputs."""
    made = dict(inputs)
    for port in ports:
        mixed = [torch.cat([one[:1], two[1:]]) for one, two in zip(each(inputs[port]), each(others[port]), strict=True)]
        made[port] = mixed if isinstance(inputs[port], list) else mixed[0]
    return made


def sizes_free(subject: BlockTrial) -> str:
    """No weight follows the number of labels or of an episode's classes, and one more of each fits.

    Raises:
        NotApplicable: no port has them.
        Failed: a weight follows, or the module serves one number alone.
    """
    varying = [letter for letter in (*LABEL_DIMS, WAYS) if letter in subject.sizes.letters]
    varying = [letter for letter in varying if letter not in subject.declaration.fixes and _is_dim(subject, letter)]
    if not varying:
        raise NotApplicable("no port has a number of labels")
    module = subject.made().eval()
    for letter in varying:
        more = subject.with_letter(letter, subject.sizes.letters[letter] + 1)
        _check_weights(subject, more, letter)
        outputs = more.called(module, more.inputs(), f"serves one size of `{letter}` alone")
        try:
            more.check_shapes(more.inputs(), outputs)
        except Mismatch as mismatch:
            raise Failed(subject.error(f"its result does not follow `{letter}`: {mismatch}", "return")) from None
    return f"any number of {', '.join(f'`{letter}`' for letter in varying)}"


def _is_dim(subject: BlockTrial, letter: str) -> bool:
    return any(letter in (port.dims or ()) for port in subject.declaration.inputs if port.name in subject.wired)


def _check_weights(subject: BlockTrial, more: BlockTrial, letter: str) -> None:
    after = dict(more.made().named_parameters())
    for name, weight in subject.made().named_parameters():
        if name in after and weight.shape != after[name].shape:
            shapes = f"{shape_text(weight.shape)} for {subject.sizes.letters[letter]}"
            told = f"its weights `{name}` follow `{letter}`, which differs from task to task: {shapes}"
            raise Failed(_at_size(subject, letter, told))


def _at_size(subject: BlockTrial, letter: str, told: str) -> SpecError:
    """The error at the argument that is bound to a letter."""
    error = subject.error(told, "__init__", "label-space", expected="weights that each label shares")
    size = next((size for size in subject.declaration.sizes if size.dim == letter), None)
    error.place = place_of_argument(argument_of(subject.cls, size.name), size.name) if size else error.place
    return error


def close(first: Tensor, second: Tensor, apart: float = CLOSE) -> bool:
    """Whether two results are one but for rounding."""
    if first.shape != second.shape:
        return False
    if not first.is_floating_point():
        return bool(torch.equal(first, second))
    one, two = first.detach().float(), second.detach().float()
    most = max(1.0, float(one.abs().max()) if one.numel() else 0.0)
    return bool((one - two).abs().max() <= apart * most) if one.numel() else True
