"""What W&B and MLflow have written on this machine, read back."""

from __future__ import annotations

import json
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import Any

BLOCK, HEADER, FILE_HEADER = 32 * 1024, 7, 7


def wandb_rows(folder: Path) -> list[dict[str, Any]]:
    """The rows of an offline run, the parts of which are in the order of their time; without what W&B adds itself."""
    rows = [
        {item.key or ".".join(item.nested_key): json.loads(item.value_json) for item in record.history.item}
        for record in _records(folder)
        if record.WhichOneof("record_type") == "history"
    ]
    return [{key: value for key, value in row.items() if not key.startswith("_")} for row in rows]


def wandb_runs(folder: Path) -> list[Any]:
    """What each part of an offline run says of the run: id, project, config."""
    return [record.run for record in _records(folder) if record.WhichOneof("record_type") == "run"]


def _records(folder: Path) -> Iterator[Any]:
    from wandb.proto.wandb_internal_pb2 import Record

    for path in sorted(folder.glob("wandb/offline-run-*/*.wandb")):
        for text in _texts(path.read_bytes()[FILE_HEADER:]):
            yield Record.FromString(text)


def _texts(log: bytes) -> Iterator[bytes]:
    """The records of a log of LevelDB's form: blocks of parts, each with a checksum, a length and a kind."""
    at, whole = 0, b""
    while at + HEADER <= len(log):
        left = BLOCK - (at + FILE_HEADER) % BLOCK
        if left < HEADER:
            at += left
            continue
        _, size, kind = struct.unpack("<IHB", log[at : at + HEADER])
        whole += log[at + HEADER : at + HEADER + size]
        at += HEADER + size
        if kind in (1, 4):  # whole, or its last part
            yield whole
            whole = b""


def mlflow_runs(uri: str) -> list[Any]:
    """All runs of the experiment, the newest first."""
    from mlflow import MlflowClient

    client = MlflowClient(tracking_uri=uri)
    experiment = client.get_experiment_by_name("compose")
    assert experiment is not None
    return list(client.search_runs([experiment.experiment_id]))
