"""A block that fails: the error at the line of its file that failed, and the node of the spec that uses it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from os.path import abspath
from typing import Any, TypeVar

from torch import nn

from compose.errors import Note, Place, SpecError
from compose.model.failures.conduct import Misconduct
from compose.model.failures.failing_call import UNEXPLAINED
from compose.model.failures.misfit import Misfit
from compose.registry.python_place import file_of, place_in_traceback, place_of_argument, place_of_class
from compose.registry.user_code import exception_text, is_raised, said_by
from compose.spec.wiring.plan import Step
from compose.spec.yaml.tree import place_of

OWN = "compose."
"""The modules whose blocks are no user's: a mistake there is the spec's, as far as one can tell."""

_Error = TypeVar("_Error", bound=SpecError)

LARGEST = 2**31 - 1
"""The largest number that the size of a layer may be."""
DEVICES = ("is not on the expected device meta", "Expected all tensors to be on the same device")
"""What torch says where tensors on two devices meet."""

KNOWN = (
    (
        ("before Module.__init__() call", "has no attribute '_parameters'"),
        "it does not begin with `super().__init__()`, without which it can hold no weights",
        "`super().__init__()` as the first line of `__init__`",
    ),
    (
        (
            "Torch not compiled with CUDA enabled",
            "Found no NVIDIA driver",
            "No CUDA GPUs are available",
            "Cannot access accelerator device",
        ),
        "it puts a tensor on a GPU by itself",
        'no `.cuda()` and no `device="cuda"`: a block follows the model to its device with its weights and buffers',
    ),
    (
        ("DefaultCPUAllocator: can't allocate memory",),
        "it asks for more memory than the machine has",
        None,
    ),
    (
        ("does not require grad and does not have a grad_fn", "tensors does not require grad"),
        "it takes a gradient of its own, and none is computed in evaluation",
        "`with torch.enable_grad():` around it, and `detach()` on what it returns",
    ),
    (
        ("Expected more than 1 value per channel when training",),
        "its batch norm has one value for each channel, and needs more in training",
        "a batch of two or more, or another norm",
    ),
    (
        ("a leaf Variable that requires grad is being used in an in-place operation",),
        "it changes its weights in place, which is for the optimizer to do",
        "`with torch.no_grad():` around it, or a buffer for what is no weight",
    ),
    (
        ("cannot be called on meta tensors", "unsupported format string passed to Tensor.__format__"),
        "it asks for a tensor's values, which no tensor has while shapes are worked out",
        "tensors all the way, such as `torch.where` in place of `if`, and no `.item()`, `int(x)` or `bool(x)`",
    ),
    (
        ("Cannot copy out of meta tensor",),
        "it takes a tensor's values off its device, and no tensor has any while shapes are worked out",
        "tensors all the way on the device that they come on, and no `.tolist()`, `.cpu()` or `.cuda()`",
    ),
    (
        ("torch.nonzero()", "aten::_unique", "aten::unique", "repeat_interleave a meta tensor", "aten::bincount"),
        "it makes a tensor whose shape depends on another's values, which no tensor has while shapes are worked out",
        "shapes that follow from shapes, such as `torch.where` and multiplication by a mask",
    ),
    (
        ("can't convert meta device type tensor to numpy",),
        "it leaves torch for numpy, which needs values, and no tensor has them while shapes are worked out",
        "torch's functions",
    ),
    (
        ("aten::masked_select", "aten::equal", "aten::item", "aten::_local_scalar_dense"),
        "it asks for a tensor's values, which no tensor has while shapes are worked out",
        "tensors all the way, such as `torch.where` and multiplication by a mask",
    ),
    (
        ("no fake impl or Meta kernel registered",),
        "it uses an operator of which torch does not know what shape its result has",
        "other operators, or a custom operator with `register_fake`",
    ),
    (
        ("functions with out=",),
        "it writes into a tensor (`out=`), and no gradient goes through that",
        "a new tensor, such as `x + 1`",
    ),
    (
        ("can require gradients",),
        "it has a weight of whole numbers or truth values, and only floating-point numbers have a gradient",
        "floating-point numbers, such as `torch.zeros(n)`; `self.register_buffer(...)` for what is no weight",
    ),
    (
        (
            "could not infer output dtype",
            "not implemented for 'Long'",
            "not implemented for 'Int'",
            "not implemented for 'Bool'",
            "result type Float can't be cast to the desired output type",
        ),
        "it computes with whole numbers or truth values what is only defined for floating-point numbers",
        "`.float()` before it",
    ),
    (
        DEVICES,
        "it computes with a tensor that is no input, parameter or buffer, and would stay behind on a GPU",
        "`self.register_buffer(...)` in `__init__`, or a tensor that `forward` makes on the device of its inputs",
    ),
)
"""What torch's message has in it -> what the block does, and what would be right."""


def is_of_devices(error: BaseException) -> bool:
    """Whether tensors on two devices met."""
    return _has(said_by(error), DEVICES)


def block_failed(step: Step, cls: type, error: BaseException, doing: str, call: str = "") -> Misfit:
    """An exception that a block raised.

    Args:
        step: the node.
        cls: its block.
        error: the exception.
        doing: ends the sentence "`node` ...", such as "cannot be made".
        call: what was being computed, where that is known.
    """
    path = file_of(cls)
    place = (place_in_traceback(error.__traceback__, path) or place_of_class(cls)) if path else None
    reason, expected, notes = _told(step, error, path, call)
    message = f"`{step.name}` {doing}{f': {reason}' if reason else ''}"
    return at_block(step, Misfit("block-failed", message, None, expected, None, notes, at=step), place)


def may_be_of_a_layer(error: BaseException, cls: type) -> bool:
    """Whether a layer that a block makes may have refused its numbers, and no line of the block's own.

    Args:
        error: what its constructor raised.
        cls: the block.
    """
    if _library(error, file_of(cls)):
        return True
    return isinstance(error, RuntimeError) or bool(re.match(r"\w+\(\)(: | received)", said_by(error)))


def too_large(step: Step) -> SpecError | None:
    """The mistake of a node that fails with a number beyond what any layer or tensor holds; None where it has none."""
    for name, value in step.params.items():
        if (most := _largest(value)) > LARGEST:
            message = f"`{step.name}` cannot be made with `{name}` {most:,}: no layer or tensor is as large"
            place = place_of(step.tree, (name,)) if name in step.tree.items else step.place
            return SpecError("out-of-range", message, place, "a smaller number")
    return None


def _largest(value: Any) -> int:
    """The largest whole number in a value; 0 where it has none."""
    match value:
        case bool():
            return 0
        case int():
            return value
        case list() | tuple():
            return max(map(_largest, value), default=0)
        case dict():
            return max(map(_largest, value.values()), default=0)
    return 0


def has_lazy_modules(step: Step, cls: type) -> SpecError:
    """A block whose layers do not know their sizes."""
    message = f"`{step.name}` cannot be made: it has lazy modules, whose sizes are not known before data arrives"
    expected = 'sizes bound from the ports: `channels: Dim[int, " c"]`'
    return at_block(step, SpecError("block-failed", message, None, expected), place_of_class(cls))


def has_other_state(step: Step, cls: type, name: str) -> SpecError:
    """A block whose state dict holds what is no tensor, which no file of weights can."""
    message = f"`{step.name}` has `{name}` in its state, which is no tensor, and a run stores tensors alone"
    expected = "`register_buffer(...)` for a tensor, a plain attribute for what follows from the parameters"
    return at_block(step, SpecError("block-failed", message, None, expected), place_of_class(cls))


def keeps_graph(step: Step, module: nn.Module, name: str) -> SpecError:
    """A block that computes with what an earlier call of it left behind."""
    message = f"`{step.name}` keeps `{name}` from one call to the next and computes with it, without its gradient"
    expected = "what one call needs computed in it; `detach()` for a value that shall outlive it"
    place = place_of_argument(type(module).forward, "return")
    return at_block(step, SpecError("block-failed", message, None, expected), place)


def changes_input(step: Step, module: nn.Module, port: str, error: BaseException | None = None) -> SpecError:
    """A block that writes into a tensor which other nodes read, too.

    Args:
        step: the node.
        module: its module.
        port: the input.
        error: was raised where it does so, if that is known.
    """
    message = f"`{step.name}` changes its input `{port}` in place, and with it what other nodes read"
    expected = "a new tensor: no `inplace=True` and no `x += y`, `x.relu_()` or `x[...] = y` on an input"
    path = file_of(type(module))
    place = place_in_traceback(error.__traceback__, path) if error and path else None
    place = place or place_of_argument(type(module).forward, port)
    return at_block(step, SpecError("in-place", message, None, expected), place)


def at_block(step: Step, error: _Error, place: Place | None) -> _Error:
    """The error at a line of the block's file, with the node beside it; the other way round for our own blocks."""
    assert step.declaration is not None
    if place is None or step.declaration.module.startswith(OWN):
        error.place = step.place
        error.notes = (*error.notes, *([Note("the block's line", place)] if place else []))
    else:
        error.place = place
        error.notes = (uses_note(step), *error.notes)
    return error


def uses_note(step: Step) -> Note:
    """Which block a node uses, and where the spec says so."""
    assert step.declaration is not None
    return Note(f"`{step.name}` uses the {step.declaration.kind} `{step.declaration.name}`", step.place)


def result_place(module: nn.Module) -> Place | None:
    """Where a block says what it returns."""
    return place_of_argument(type(module).forward, "return")


NUMPY = (
    "it leaves torch for numpy, which needs values, and no tensor has them while shapes are worked out",
    "torch's functions",
    list[Note](),
)
"""What is told of a tensor that reaches numpy."""


def _told(step: Step, error: BaseException, path: str | None, call: str) -> tuple[str, str | None, list[Note]]:
    """Why a block failed, what would have been right, and what a library said where nothing else is known.

    What a library says of its own tensors tells nothing of a spec, so that it stands at most beside a user's block.
    """
    if isinstance(error, Misconduct):
        return str(error), error.expected, []
    if isinstance(error, SystemExit | RecursionError):
        return exception_text(error), None, []
    if isinstance(error, AssertionError) and not said_by(error).strip():
        return "its `assert` does not hold", None, []
    text = (said_by(error).strip() or "no message").splitlines()[0]
    for marks, reason, expected in KNOWN:
        if _has(text, marks):
            return reason, expected, []
    plain = isinstance(error, ValueError | RuntimeError) and said_by(error).strip()
    whole = text if plain else f"{type(error).__name__}: {text}"
    library = ""
    if not isinstance(error, AttributeError | NameError | OSError):
        library = _library(error, path) or ("torch" if call and not is_raised(error) else "")
    if library == "numpy":
        return NUMPY
    assert step.declaration is not None
    is_own = step.declaration.module.startswith(OWN)
    says = [] if is_own or not library else [Note(f"{library} says: {whole}")]
    if call and library:
        return call, None, says if UNEXPLAINED in call else []
    return "" if library else whole, None, says


def _library(error: BaseException, path: str | None) -> str:
    """The library that raised an exception; "" where the block's own file did, or ours."""
    trace = error.__traceback__
    while trace is not None and trace.tb_next is not None:
        trace = trace.tb_next
    if trace is None:
        return ""
    module = str(trace.tb_frame.f_globals.get("__name__", ""))
    is_block = path is not None and abspath(trace.tb_frame.f_code.co_filename) == abspath(path)
    is_block = is_block or module.startswith(OWN)
    return "" if is_block else module.partition(".")[0] or "Python"


def _has(text: str, marks: Iterable[str]) -> bool:
    return any(mark in text for mark in marks)
