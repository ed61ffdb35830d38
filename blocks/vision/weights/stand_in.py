"""Read what PyTorch saved, without the classes of other programs that lie beside the weights.

Training programs save their options with the weights: a namespace, a configuration of some package. PyTorch refuses a
file with such objects, as making them could run code. Here stand-ins take their place, which do nothing; so the weights
are read and nothing of the file is executed.
"""

from __future__ import annotations

import re
import warnings
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

MOST = 200
"""How many classes of other programs a file may name."""
_UNKNOWN = re.compile(r"GLOBAL (\S+) was not an allowed global")
_FILLED = re.compile(r"Can only (SETITEM|append|extend).* got <class '[\w.]*\.stand_in\.(.+)'>")
"""What PyTorch says of a stand-in that should be filled like a dict or a list."""


class StandIn:
    """Takes the place of an object of another program; each such class has one of its own, which bears its name."""

    def __new__(cls, *args: object, **options: object) -> Any:
        """The same for whatever it is made with."""
        return super().__new__(cls)

    def __init__(self, *args: object, **options: object) -> None:
        pass

    def __setstate__(self, state: object) -> None:
        pass


class _DictStandIn(StandIn):
    def __new__(cls, *args: object, **options: object) -> Any:
        return OrderedDict()


class _ListStandIn(StandIn):
    def __new__(cls, *args: object, **options: object) -> Any:
        return []


def load_saved(path: Path, *, mapped: bool) -> Any:
    """What ``torch.save`` wrote, on the CPU, with stand-ins for objects of other programs.

    Args:
        path: the file.
        mapped: whether tensors stay in the file until they are used, which only the newer form can.

    Raises:
        UnpicklingError: it names what PyTorch never reads.
        RuntimeError: it is damaged. EOFError, OSError, ValueError and others are raised of it, too.
    """
    known: dict[str, type[StandIn]] = {}
    for _ in range(MOST):
        try:
            return _load(path, known, mapped=mapped)
        except Exception as error:  # PyTorch raises several, and tells what it lacks by its message alone
            if not _add_lacking(str(error), known):
                raise
    raise RuntimeError("it names too many classes of other programs")


def _load(path: Path, known: Mapping[str, type[StandIn]], *, mapped: bool) -> Any:
    allowed: Any = [(cls, name) for name, cls in known.items()]
    with warnings.catch_warnings(), torch.serialization.safe_globals(allowed):
        warnings.simplefilter("ignore")
        if path.suffix != ".safetensors":
            return torch.load(path, map_location="cpu", weights_only=True, mmap=mapped)
        with path.open("rb") as file:  # a path of that name PyTorch reads as what it says, whatever it holds
            return torch.load(file, map_location="cpu", weights_only=True)


def _add_lacking(message: str, known: dict[str, type[StandIn]]) -> bool:
    """Add the stand-in that PyTorch lacks; whether there is one that it did not have."""
    unknown, filled = _UNKNOWN.search(message), _FILLED.search(message)
    name, kind = "", StandIn
    if unknown:
        name = unknown[1]
    elif filled:
        name, kind = filled[2], _DictStandIn if filled[1] == "SETITEM" else _ListStandIn
    if not name or (name in known and issubclass(known[name], kind)):
        return False
    known[name] = type(name, (kind,), {})
    return True
