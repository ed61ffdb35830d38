"""Read the named tensors of a file of weights; whatever is wrong with the file is told in a sentence."""

from __future__ import annotations

import os
import pickle
import zipfile
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any

from safetensors import SafetensorError, safe_open
from torch import Tensor

from compose.block import BlockError
from compose.blocks.vision.weights.file_form import AGAIN, Form, NoWeights, form_of
from compose.blocks.vision.weights.stand_in import StandIn, load_saved
from compose.digest import CHECKPOINT, DIGEST, FORMAT, WEIGHTS, weights_digest

State = Mapping[str, Tensor]
LARGEST_READ = 2**31
"""Bytes of the largest file whose values are looked at while a spec is checked."""
SAVE = "save the weights alone: torch.save(model.state_dict(), ...)"
DEEPEST = 8
"""How deep the weights may lie in the dicts of a file."""


def read_weights(path: Path) -> dict[str, Tensor]:
    """The tensors of a file by name; those in dicts within dicts by the names joined with dots.

    safetensors and what ``torch.save`` wrote are known by their content. Nothing in the file is executed.

    Raises:
        BlockError: the file holds something else, or is damaged.
    """
    return dict(_told(path, _read))


def read_shapes(path: Path) -> dict[str, Tensor]:
    """The same as :func:`read_weights`, without the values: tensors on the meta device.

    Raises:
        BlockError: as there; of damage only what shows without reading all of the file.
    """
    return dict(_told(path, _shapes))


def read_bad_values(path: Path) -> Mapping[str, int]:
    """How many values of each tensor of a file are NaN or infinite, of those that have such; nothing of a file that is
    too large to be read while a spec is checked.

    Raises:
        BlockError: as :func:`read_weights`.
    """
    found = os.stat(path)
    return _kept_bad_values(path, found.st_mtime_ns, found.st_size) if found.st_size <= LARGEST_READ else {}


@lru_cache(maxsize=8)
def _kept_bad_values(path: Path, _changed: int, _size: int) -> Mapping[str, int]:
    return bad_values(read_weights(path))


def bad_values(state: State) -> dict[str, int]:
    """How many values of each tensor are NaN or infinite, of those that have such."""
    counts = {name: _bad_values(value) for name, value in state.items() if value.is_floating_point()}
    return {name: count for name, count in counts.items() if count}


def _bad_values(value: Tensor) -> int:
    numbers = value.float() if value.element_size() == 1 else value
    return int(numbers.numel() - numbers.isfinite().sum())


def _told(path: Path, read: Any) -> State:
    """What is read of a file, or the error that says what is wrong with it."""
    try:
        found: State = read(path, form_of(path))
    except NoWeights as problem:
        reason = str(problem)
    except OSError as error:
        reason = f"it cannot be read ({error.strerror or error})"
    except SafetensorError as error:
        reason = f"it is cut off or damaged ({error}); {AGAIN}"
    except (pickle.UnpicklingError, EOFError, RuntimeError, ValueError, KeyError, AttributeError, TypeError) as error:
        line = str(error).partition("\n")[0][:200] or type(error).__name__
        reason = f"it is damaged, or holds what is no state dict ({line}); {AGAIN}, or save a state dict"
    else:
        return found
    message = f"expected safetensors or a PyTorch state dict, got {path}: {reason}"
    raise BlockError(message, parameter="weights") from None


def _shapes(path: Path, form: Form) -> State:
    found = os.stat(path)
    return _kept_shapes(path, form, found.st_mtime_ns, found.st_size)


@lru_cache(maxsize=8)
def _kept_shapes(path: Path, form: Form, _changed: int, _size: int) -> State:
    """The shapes in a file, which are asked for many times while a spec is checked."""
    if form == "safetensors":
        tensors, metadata = _safetensors(path)
        _refuse_checkpoint(metadata)
    else:
        tensors = _saved(path, form)
    return {name: tensor.to("meta") for name, tensor in tensors.items()}


def _read(path: Path, form: Form) -> State:
    if form == "zip":
        _refuse_damaged(path)
    if form != "safetensors":
        return _saved(path, form)
    tensors, metadata = _safetensors(path)
    _refuse_checkpoint(metadata)
    if metadata.get(FORMAT) == WEIGHTS and metadata.get(DIGEST) != weights_digest(tensors, metadata):
        raise NoWeights("it is damaged: it is not what the run wrote (its checksum does not fit)", AGAIN)
    return tensors


def _safetensors(path: Path) -> tuple[dict[str, Tensor], dict[str, str]]:
    with safe_open(path, framework="pt") as file:
        return {name: file.get_tensor(name) for name in file.keys()}, file.metadata() or {}  # noqa: SIM118 - no dict


def _refuse_damaged(path: Path) -> None:
    """Refuse a file of which a part is not what was saved, by the checksums of its parts."""
    try:
        with zipfile.ZipFile(path) as archive:
            bad = archive.testzip()
    except zipfile.BadZipFile as error:
        raise NoWeights(f"it is damaged ({error})", AGAIN) from None
    if bad is not None:
        raise NoWeights(f"it is damaged: the checksum of its part {bad} does not fit", AGAIN)


def _refuse_checkpoint(metadata: Mapping[str, str]) -> None:
    if metadata.get(FORMAT, "").startswith(CHECKPOINT.rpartition("-")[0]):
        raise NoWeights("it is a checkpoint of a run", "its folder keeps the weights alone in weights/last.safetensors")


def _saved(path: Path, form: Form) -> dict[str, Tensor]:
    """What ``torch.save`` wrote.

    Raises:
        NoWeights: there are no tensors in it.
    """
    content = load_saved(path, mapped=form == "zip")
    if isinstance(content, StandIn):
        name = type(content).__name__
        raise NoWeights(f"it is a pickled object ({name}), which is not loaded as that runs code", SAVE)
    tensors = dict(_tensors(content, (), set()))
    if not tensors:
        raise NoWeights(f"it holds {_held(content)}, no state dict of tensors", SAVE)
    return tensors


def _held(content: Any) -> str:
    keys = ", ".join(str(key) for key in list(content if isinstance(content, Mapping) else ())[:5])
    return f"a {type(content).__name__}" + (f" of {keys}" if keys else "")


def _tensors(content: Any, path: tuple[str, ...], seen: set[int]) -> Iterator[tuple[str, Tensor]]:
    """The tensors in dicts within dicts, each dict once: a file may hold one that lies in itself."""
    if isinstance(content, Tensor) and path:
        yield ".".join(path), content.detach()
    if isinstance(content, Mapping) and len(path) < DEEPEST and id(content) not in seen:
        seen.add(id(content))
        for key, value in content.items():
            yield from _tensors(value, (*path, str(key)), seen)
