"""Names that no node and no loss may bear: what becomes an attribute of a PyTorch module and a name in its code.

Nodes bear none of the spec language's own, either, which a reference would mean.
"""

from __future__ import annotations

import keyword
from typing import Literal

from compose.errors import SpecError
from compose.spec.schema.node_keys import NAME, Schema
from compose.spec.wiring.module_names import MODULE_NAMES
from compose.spec.wiring.reserved import ROOTS
from compose.spec.yaml.tree import Mapping, Tree

Named = Literal["node", "loss"]
ITSELF = "self"
"""What the code of a model calls the model."""
PRIVATE = "_"
"""What the names of all other attributes begin with, whatever the version of PyTorch."""
_TAKEN = {*keyword.kwlist, ITSELF, *MODULE_NAMES}


def is_taken(name: str, what: Named = "node") -> bool:
    """Whether nothing of a kind may bear a name."""
    return name.startswith(PRIVATE) or name in _TAKEN or (what == "node" and name in ROOTS)


def free_names(what: Named) -> Schema:
    """The schema of the names that are left."""
    taken = sorted(_TAKEN | (ROOTS if what == "node" else set()))
    return {"pattern": NAME, "not": {"anyOf": [{"enum": taken}, {"pattern": f"^{PRIVATE}"}]}}


def taken_names(named: Tree | None, what: Named) -> list[SpecError]:
    """The errors of nodes or losses that bear a name which is taken, each at its key.

    Args:
        named: the mapping of names.
        what: what bears them.
    """
    if not isinstance(named, Mapping):
        return []
    wrong = [name for name in named.items if is_taken(name, what)]
    return [SpecError("reserved-name", _message(name, what), named.keys[name]) for name in wrong]


def _message(name: str, what: Named) -> str:
    if name.startswith(PRIVATE):
        reason = "begins with `_`, as PyTorch's own attributes do,"
    elif keyword.iskeyword(name):
        reason = "is a keyword of Python"
    elif name == ITSELF:
        reason = "is what the code of a PyTorch model calls the model"
    else:
        reason = "is an attribute of every PyTorch model" if name in MODULE_NAMES else "is a name of the spec language"
    return f"`{name}` {reason} and cannot name a {what}"
