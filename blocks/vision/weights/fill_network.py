"""Fill a network with weights that were read, or say why they are not its own."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping

import torch
from torch import Tensor, nn

from compose.block import BlockError
from compose.blocks.vision.weights.weight_file import State, bad_values

ENDS = (".weight", ".bias")
"""How the names end of which a network has others where it is another."""


def check_fits(network: nn.Module, state: State, arch: str, origin: str, *, whole: Collection[str]) -> None:
    """Refuse weights that are not a network's own. Values are not looked at.

    Args:
        network: the network, or the part of it that is left.
        state: the weights by name.
        arch: the network, as a spec names it.
        origin: where the weights are from, as messages call it.
        whole: the names in the whole network; nothing where they are not known.

    Raises:
        BlockError: weights are missing, or are those of a larger or another network.
    """
    own = network.state_dict()
    missing = [name for name, value in own.items() if name not in state and value.is_floating_point()]
    if missing and len(missing) == sum(value.is_floating_point() for value in own.values()):
        names = f"its names are such as {_listed(list(state))}, and those of {arch} such as {_listed(missing)}"
        raise _error(f"expected weights of {arch}, got those of another network in {origin}: {names}")
    if missing:
        of = f", {len(missing)} of its {len(own)}" if len(missing) > 3 else ""
        raise _error(f"expected weights of {arch}, got none for {_listed(missing)}{of} in {origin}")
    strange = _strange(own, state, whole)
    if strange:
        also = f"it also has {_listed(strange)}"
        raise _error(f"expected weights of {arch}, got those of another network in {origin}: {also}")
    misfits = [name for name in own if name in state and own[name].shape != state[name].shape]
    if misfits:
        name = misfits[0]
        more = f" ({len(misfits)} of {len(own)} differ)" if len(misfits) > 1 else ""
        shapes = f"{list(own[name].shape)}, got {list(state[name].shape)}{more}"
        raise _error(f"expected weights of {arch} with {name} of shape {shapes} in {origin}")
    odd = [name for name in own if name in state and not _are_plain(own[name], state[name])]
    if odd:
        value = state[odd[0]]
        kind = "without values" if value.is_meta and not own[odd[0]].is_meta else f"{value.dtype}, {value.layout}"
        told = kind.replace("torch.", "")
        raise _error(f"expected weights of {arch} as plain floating-point numbers, got {odd[0]} {told} in {origin}")


def fill(network: nn.Module, state: State, arch: str, origin: str) -> None:
    """Copy weights that fit into a network.

    Raises:
        BlockError: some of them are not finite.
    """
    taken = {name: state[name] for name in network.state_dict() if name in state}
    check_finite(bad_values(taken), arch, origin)
    network.load_state_dict(taken, strict=False)


def check_finite(bad: Mapping[str, int], arch: str, origin: str) -> None:
    """Refuse weights that are not finite.

    Args:
        bad: how many of each are not, of those that have such.
        arch: the network, as a spec names it.
        origin: where the weights are from, as messages call it.

    Raises:
        BlockError: there are such.
    """
    if bad:
        which = f"{_listed(bad)}: {sum(bad.values()):,} are NaN or infinite"
        raise _error(f"expected weights of {arch} that are finite numbers, got others in {origin}, in {which}")


def _strange(own: State, state: State, whole: Collection[str]) -> list[str]:
    """Weights that the network lacks beside those that it has: of more layers than it has, for one.

    A part of which it has nothing is another head, and passed over.
    """
    if not whole:
        return []
    parts = {_part(name) for name in own} & {_part(name) for name in state if name in whole}
    return [name for name in state if name not in whole and _part(name) in parts and name.endswith(ENDS)]


def _part(name: str) -> str:
    return name.partition(".")[0]


def _are_plain(own: Tensor, value: Tensor) -> bool:
    if value.layout != torch.strided or value.is_quantized or (value.is_meta and not own.is_meta):
        return False
    return value.is_floating_point() or not own.is_floating_point()


def _listed(names: Iterable[str]) -> str:
    names = list(names)
    rest = f" and {len(names) - 3} more" if len(names) > 3 else ""
    return ", ".join(names[:3]) + rest


def _error(message: str) -> BlockError:
    return BlockError(message, parameter="weights")
