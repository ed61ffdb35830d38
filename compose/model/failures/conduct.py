"""What a block may do when it is made and called: compute, and nothing that reaches beyond it.

A block of the user's that draws its own seed, sets torch's defaults, makes weights at each call or writes into its
inputs works alone and spoils what runs beside it. While a spec is checked each such act raises, at its line.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn

import torch
from torch import Tensor, nn
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from compose.registry.user_code import at_work


class Misconduct(Exception):
    """A block does what reaches beyond it.

    Args:
        message: what it does, as the end of a sentence about it.
        expected: what is right.
    """

    def __init__(self, message: str, expected: str) -> None:
        super().__init__(message)
        self.expected = expected


class ChangedInput(Exception):
    """A block writes into one of its inputs.

    Args:
        port: the input.
    """

    def __init__(self, port: str) -> None:
        super().__init__(port)
        self.port = port


SEED = "it seeds the random numbers of all blocks", "the spec's `seed`, by which each node draws its own"
DEFAULT = (
    "it sets a default of torch's, by which every other block would work, too",
    "`dtype=` or `device=` at the tensor",
)
WEIGHTS = "it makes weights when it is called, anew each time, which no optimizer knows", "weights made in `__init__`"
COMPILE = "it compiles itself", "a plain block: the stage's `compile: true` compiles the whole model"
REFUSED: Mapping[tuple[Any, str], tuple[str, str]] = {
    (torch, "manual_seed"): SEED,
    (torch, "seed"): SEED,
    (torch, "set_default_dtype"): DEFAULT,
    (torch, "set_default_device"): DEFAULT,
    (torch, "compile"): COMPILE,
}
"""Functions that no block calls -> what doing so means, and what is right."""


@contextmanager
def conducted(*, called: bool) -> Iterator[None]:
    """What runs inside is a block of the user's, which is made or, where ``called``, called.

    Raises:
        Misconduct: it does what reaches beyond it.
    """
    acts = dict(REFUSED)
    if called:
        acts[nn.Module, "register_parameter"] = WEIGHTS
    before = {act: vars(act[0])[act[1]] for act in acts}
    state = torch.get_default_dtype(), torch.is_grad_enabled(), torch.initial_seed()
    for (owner, name), told in acts.items():
        setattr(owner, name, _refusing(*told))
    try:
        with at_work():
            yield
        _check_unchanged(state)
    finally:
        for (owner, name), function in before.items():
            setattr(owner, name, function)
        torch.set_default_dtype(state[0])
        torch.set_grad_enabled(state[1])


def _refusing(message: str, expected: str) -> Callable[..., NoReturn]:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise Misconduct(message, expected)

    return refuse


def _check_unchanged(state: tuple[torch.dtype, bool, int]) -> None:
    """Refuse what was done by a function that the block holds under a name of its own."""
    if torch.get_default_dtype() != state[0]:
        raise Misconduct(*DEFAULT)
    if torch.is_grad_enabled() != state[1]:
        raise Misconduct("it switches gradients off or on for what follows", "`with torch.no_grad():` around its own")
    if torch.initial_seed() != state[2]:
        raise Misconduct(*SEED)


class Untouched(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Raises where an operation writes into an input, also by a view of it, ``.data`` or ``.detach()``.

    Args:
        inputs: input port -> what arrives there.
    """

    def __init__(self, inputs: Mapping[str, Any]) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._ports = {_storage(tensor): port for port, value in inputs.items() for tensor in tree_leaves(value)}

    def __torch_dispatch__(
        self, func: Any, types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        """Run an operation that writes into no input."""
        if func._schema.is_mutable:
            given = {**dict(zip((a.name for a in func._schema.arguments), args, strict=False)), **(kwargs or {})}
            written = [a.name for a in func._schema.arguments if a.alias_info is not None and a.alias_info.is_write]
            for tensor in tree_leaves([given.get(name) for name in written]):
                if isinstance(tensor, Tensor) and _storage(tensor) in self._ports:
                    raise ChangedInput(self._ports[_storage(tensor)])
        return func(*args, **(kwargs or {}))


def _storage(tensor: Tensor) -> int:
    return int(tensor.untyped_storage()._cdata)
