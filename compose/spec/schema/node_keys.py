"""The keys of a node that are the spec language's own, with their schemas; all others are a class's parameters."""

from __future__ import annotations

import re
from typing import Any

from compose.block import Kind
from compose.spec.yaml.tree import Scalar, Tree

Schema = dict[str, Any]

NAME = r"^[A-Za-z_][A-Za-z0-9_-]*$"
REFERENCE = r"^[A-Za-z_][A-Za-z0-9_-]*(\.[A-Za-z0-9_-]+)*$"
REST = r"^1 - [A-Za-z_][A-Za-z0-9_-]*$"
PLACEHOLDER = r"^\$[A-Za-z_][A-Za-z0-9_-]*$"

_REFERENCE: Schema = {"type": "string", "pattern": REFERENCE}
_REFERENCES: Schema = {"type": "array", "items": _REFERENCE, "minItems": 1}
_PORTS: Schema = {
    "title": "a list of names of ports",
    "type": "array",
    "items": {"type": "string", "pattern": NAME},
    "minItems": 1,
}

IN: Schema = {
    "title": "a reference, a list of references, or a mapping of ports to references",
    "description": "Where the inputs come from: a node, one of its ports (`backbone.maps`), a list in port order, or a "
    "mapping port -> reference. Reserved inputs: what the data gives (`image`, `features`, `targets`) and the label "
    "space (`labels.vectors`, `labels.graph`, `external.vectors` ...); `compose list inputs` has them all.",
    "anyOf": [
        _REFERENCE,
        {"type": "array", "items": {"anyOf": [_REFERENCE, _REFERENCES]}, "minItems": 1},
        {"type": "object", "additionalProperties": {"anyOf": [_REFERENCE, _REFERENCES, {"type": "null"}]}},
    ],
}
NODE_KEYS: dict[str, Schema] = {
    "in": IN,
    "repeat": {
        "type": "integer",
        "minimum": 1,
        "maximum": 1000,
        "description": "Stack so many copies with weights of their own.",
    },
    "carry": {**_PORTS, "description": "Ports of a copy that feed the same ports of the next one."},
    "collect": {**_PORTS, "description": "Ports that come out stacked over the copies, along a new first axis."},
    "share": {"type": "string", "pattern": NAME, "description": "Use the weights of this node."},
}
UNFILLED = ("use", "in", "share", "carry", "collect")
"""Keys of a node that name things, so that ``$name`` has no meaning there."""
TERM_KEYS: dict[str, Schema] = {
    "in": IN,
    "weight": {
        "title": "a number, or `1 - NAME` for what the weight of another loss leaves",
        "anyOf": [{"type": "number"}, {"type": "string", "pattern": REST}],
        "description": "What this term is multiplied by in the sum of the losses: a number, or `1 - NAME`, which is 1 "
        "minus the weight of the loss NAME.",
        "default": 1.0,
    },
}
EXTRA_KEYS: dict[Kind, dict[str, Schema]] = {"block": NODE_KEYS, "composite": NODE_KEYS, "loss": TERM_KEYS}

_SELECTORS: dict[Kind, str] = {"stage": "stage"}


def selector(kind: Kind) -> str:
    """The key of a mapping that says which class of a kind it means: ``use``, or ``stage`` for a stage."""
    return _SELECTORS.get(kind, "use")


def placeholder(tree: Tree | None) -> str | None:
    """The name of a composite's parameter, where ``$name`` stands for a value."""
    text = tree.value if isinstance(tree, Scalar) else None
    return text[1:] if isinstance(text, str) and re.fullmatch(PLACEHOLDER, text) else None
