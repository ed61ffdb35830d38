"""Where in a file a network's weights lie: behind which prefix their names stand there.

Training programs put something before the names of a network: ``module.`` (several GPUs), ``_orig_mod.``
(``torch.compile``), ``model.`` (Lightning), ``backbone.`` (MMPretrain), ``encoder_q.`` (MoCo), ``visual.`` (CLIP), and
the dict in which they lie: ``state_dict``, ``model``, ``teacher``. Which it is follows from the names themselves: it is
the prefix behind which the most of the network's names stand.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

FIRST = {"ema", "teacher"}
"""Words of a prefix whose weights are taken before others: averages over training, which are what is published."""
LAST = {"student", "momentum", "target", "key", "k", "optimizer", "optimizers"}
"""Words of a prefix whose weights are taken after others."""


@dataclass
class AmbiguousNames(Exception):
    """A file with several networks of the same names; it is told as a BlockError with the file.

    Args:
        prefixes: behind which they stand.
    """

    prefixes: tuple[str, ...]


def behind_prefix(state: Mapping[str, Tensor], own: Mapping[str, Tensor]) -> tuple[str, dict[str, Tensor]]:
    """The prefix behind which a network's names stand in a file, and what stands behind it, without the prefix.

    Args:
        state: the file's tensors by name.
        own: the network's.

    Returns:
        The prefix with its dot, "" where there is none, and all tensors behind it. There are none of the network's
        where it has nothing in common with the file.

    Raises:
        AmbiguousNames: several networks in the file are equally good.
    """
    found: Counter[str] = Counter()
    fitting: Counter[str] = Counter()
    for name, tensor in state.items():
        for prefix, inner in _cuts(name):
            if inner in own:
                found[prefix] += 1
                fitting[prefix] += own[inner].shape == tensor.shape
    prefix = _best(found, fitting) if found else ""
    return prefix, {name[len(prefix) :]: tensor for name, tensor in state.items() if name.startswith(prefix)}


def _cuts(name: str) -> Iterable[tuple[str, str]]:
    """A name cut in two at each of its dots, the whole name first."""
    yield "", name
    at = name.find(".")
    while at >= 0:
        yield name[: at + 1], name[at + 1 :]
        at = name.find(".", at + 1)


def _best(found: Mapping[str, int], fitting: Mapping[str, int]) -> str:
    most = max((found[prefix], fitting[prefix]) for prefix in found)
    alike = [prefix for prefix in found if (found[prefix], fitting[prefix]) == most]
    rank = min(map(_rank, alike))
    best = sorted((prefix for prefix in alike if _rank(prefix) == rank), key=len)
    if not all(prefix.startswith(best[0]) for prefix in best):
        raise AmbiguousNames(tuple(best))
    return best[0]


def _rank(prefix: str) -> int:
    words = _words(prefix.split("."))
    if words & LAST:
        return 2
    return 0 if words & FIRST else 1


def _words(parts: Sequence[str]) -> set[str]:
    return {word for part in parts for word in part.lower().split("_")}
