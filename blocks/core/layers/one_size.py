"""The size of a layer's result: a parameter, or that of a tensor."""

from __future__ import annotations

from compose.block import BlockError


def one_size(given: int | None, wanted: int | None, *, parameter: str) -> int:
    """The one of two sizes that there is.

    Args:
        given: the parameter.
        wanted: the last size of what is wired to ``like``.
        parameter: the parameter's name.

    Raises:
        BlockError: there are both, or none.
    """
    if given is not None and wanted is None:
        return given
    if wanted is not None and given is None:
        return wanted
    told = "neither is there" if wanted is None else f"got {given}, and {wanted} by `like`"
    raise BlockError(f"expected `{parameter}: ...`, or a tensor at `like` of that size: {told}", parameter=parameter)
