"""What prediction needs of the data, the labels' vectors and their graph, which a run keeps: those may be gone by then.

Label names, shapes and how pictures are read stand in the metadata of a safetensors file, vectors and edges in it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, get_args

from compose.data.kept_source import KeptSource
from compose.labels.kept_labels import KeptGraphs, KeptVectors
from compose.labels.label_set import Labels
from compose.training.storage.kept_blocks import KeptFile

if TYPE_CHECKING:
    from torch import Tensor

    from compose.labels.label_space import LabelSpace
    from compose.training.prepare import Prepared

NAME = "prediction.safetensors"
VECTORS = "vectors"
REMEDY = "without it the data is read"


@dataclass(frozen=True, kw_only=True)
class KeptData:
    """What a run keeps.

    Args:
        source: stands for the data.
        vectors: the labels' vectors; None where the spec has none.
        graph: their graphs; None where it has none.
        external: stands for the external data; None where there are none.
    """

    source: KeptSource
    vectors: KeptVectors | None = None
    graph: KeptGraphs | None = None
    external: KeptSource | None = None


def kept_data(made: Prepared) -> tuple[KeptFile, ...]:
    """The file that a run keeps; none where prediction needs the data itself.

    Args:
        made: the run's spec with all that it names.
    """
    if made.source.reader is None:
        return ()
    from safetensors.torch import save

    from compose.digest import DIGEST, weights_digest

    space = made.space
    vectors, graphs = space.kept_vectors, _graphs(space) if made.labels.graph is not None else None
    external = made.labels.external
    facts = {
        "source": KeptSource.of(made.source).to_json(),
        "external": None if external is None else KeptSource.of(external).to_json(),
        "meanings": None if vectors is None else vectors.meanings,
        "graphs": None if graphs is None else list(graphs.graphs),
    }
    tensors = {} if vectors is None else {VECTORS: vectors.vectors.contiguous()}
    tensors |= {} if graphs is None else {str(i): e.contiguous() for i, e in enumerate(graphs.graphs.values())}
    metadata = {"facts": json.dumps(facts)}
    content = save(tensors, metadata={**metadata, DIGEST: weights_digest(tensors, metadata)})
    return (KeptFile(NAME, content, Path(NAME)),)


def refresh_kept(folder: Path, file: KeptFile) -> None:
    """Write what prediction needs anew where it is otherwise than before; other files that a run keeps stay.

    Args:
        folder: the run's.
        file: one that the run keeps.
    """
    path = folder / file.name
    if file.name == NAME and not (path.is_file() and path.read_bytes() == file.content):
        partial = path.with_name(f"{NAME}.partial")
        partial.write_bytes(file.content)
        partial.replace(path)


def read_kept(folder: Path) -> KeptData | None:
    """What a run keeps; None where it keeps nothing.

    Raises:
        CheckpointError: the file is damaged.
    """
    path = folder / NAME
    if not path.is_file():
        return None
    from compose.digest import DIGEST, weights_digest
    from compose.training.storage.checkpoint import read_tensors
    from compose.training.training_errors import CheckpointError

    try:
        tensors, metadata = read_tensors(path)
    except CheckpointError as error:
        raise CheckpointError(f"{error}; {REMEDY}") from error
    if metadata.get(DIGEST) != weights_digest(tensors, metadata):
        raise CheckpointError(f"{path}: the file is damaged (its checksum does not fit); {REMEDY}")
    return _made(json.loads(metadata["facts"]), tensors)


def _made(facts: Mapping[str, Any], tensors: Mapping[str, Tensor]) -> KeptData:
    pairs, sets, external = facts["meanings"], facts["graphs"], facts["external"]
    graphs = None if sets is None else {tuple(names): tensors[str(place)] for place, names in enumerate(sets)}
    return KeptData(
        source=KeptSource.from_json(facts["source"]),
        vectors=None if pairs is None else KeptVectors([(name, synset) for name, synset in pairs], tensors[VECTORS]),
        graph=None if graphs is None else KeptGraphs(graphs),
        external=None if external is None else KeptSource.from_json(external),
    )


def _graphs(space: LabelSpace) -> KeptGraphs:
    """The graphs over the sets of labels that have one."""
    import torch

    found: dict[tuple[str, ...], Tensor] = {}
    for which in get_args(Labels):
        names = space.label_set(which).names
        try:
            found[names] = torch.cat([space.edges(which), space.relations(which)[None]])
        except ValueError:  # such as a set without any two labels that are alike
            continue
    return KeptGraphs(found)
