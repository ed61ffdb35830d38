"""compose: declarative YAML specs for composing PyTorch models.

from compose import load
built = load("zoo/ml2p.yaml", variants=["no-pyramid"]).build()
built.inference(image=..., labels_vectors=...)["scores"]
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from compose.training.prepare import Prepared

__version__ = "0.1.0"


def load(name: str, *, variants: Iterable[str] = (), overrides: Iterable[str] = ()) -> Prepared:
    """A spec, checked and ready to build.

    Args:
        name: a path, or the name of a packaged spec (``zoo/ml2p.yaml``).
        variants: variants to lay over it, in order.
        overrides: ``key.path=value`` texts to lay over those.

    Raises:
        SpecErrors: every mistake of the spec.
    """
    from compose.spec.read import read_spec
    from compose.training.prepare import prepare

    return prepare(read_spec(name, variants=variants, overrides=overrides))
