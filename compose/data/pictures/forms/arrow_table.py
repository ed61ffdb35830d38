"""Parquet files, and folders that Hugging Face's ``datasets`` saved: tables, which are read as CSV files are."""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

from compose.data.folders import entries_of
from compose.data.pictures.labels.label_csv import read_csv
from compose.data.pictures.labels.label_file import IMAGE_KEYS, SPLIT_NAMES, LabelReading, RowWriter
from compose.data.quoted import titles_text
from compose.data.source import DataError

SAVED = ("dataset_info.json", "dataset_dict.json", "state.json")
"""Files by which a saved folder is known."""


def read_parquet(path: Path, rows: RowWriter, how: LabelReading) -> None:
    """Write the rows of a Parquet file.

    Raises:
        DataError: pyarrow is not there, or it is no such file.
    """
    pyarrow = _pyarrow()
    from pyarrow import parquet

    try:
        table = parquet.read_table(path)
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: expected a Parquet file: {str(error).splitlines()[0][:120]}") from None
    _write(path, [table], rows, how)


def read_saved(folder: Path, rows: RowWriter, how: LabelReading) -> None:
    """Write the rows of a folder that ``datasets`` saved, with its splits.

    Raises:
        DataError: pyarrow is not there, or a file is damaged.
    """
    divided = [path for path in entries_of(folder) if path.is_dir() and (path / "state.json").is_file()]
    for part in divided or [folder]:
        split = SPLIT_NAMES.get(part.name.lower(), "") if divided else ""
        tables = [_arrow(path) for path in entries_of(part) if path.suffix == ".arrow"]
        if tables:
            rows.into.files.append(part)
            _write(part, tables, RowWriter(rows.into, rows.fixed_split or split), how)


def _arrow(path: Path) -> Any:
    pyarrow = _pyarrow()
    from pyarrow import ipc

    try:
        with pyarrow.memory_map(str(path)) as source:
            return ipc.open_stream(source).read_all()
    except (pyarrow.ArrowInvalid, OSError) as error:
        raise DataError(f"{path}: expected an Arrow file: {str(error).splitlines()[0][:120]}") from None


def _pyarrow() -> Any:
    try:
        import pyarrow
    except ImportError:
        raise DataError("reading Parquet and Arrow files needs pyarrow: pip install 'torchcompose[data]'") from None
    return pyarrow


def _write(path: Path, tables: Sequence[Any], rows: RowWriter, how: LabelReading) -> None:
    """Write the rows of tables of the same columns."""
    names = tables[0].column_names
    image = next((name for key in IMAGE_KEYS for name in names if name.lower() == key), None)
    if image is None:
        raise DataError(f"{path}: expected a column `image`, got {titles_text(names)}")
    features = _features(path, tables[0])
    text = io.StringIO(newline="")
    writer = csv.writer(text)
    writer.writerow(names)
    for table in tables:
        texts = [_cells(path, table.column(name), features.get(name, {}), name == image) for name in names]
        writer.writerows(zip(*texts, strict=True))
    read_csv(path, text.getvalue(), set(), rows, how)


def _features(path: Path, table: Any) -> dict[str, Any]:
    """What ``datasets`` says of each column: the names of classes, for one."""
    known = (table.schema.metadata or {}).get(b"huggingface")
    if known is not None:
        found = json.loads(known).get("info", {}).get("features", {})
    elif (path / "dataset_info.json").is_file():
        found = json.loads((path / "dataset_info.json").read_text("utf-8")).get("features", {})
    else:
        found = {}
    return found if isinstance(found, dict) else {}


def _cells(path: Path, column: Any, feature: Any, is_image: bool) -> Iterable[str]:
    values = column.to_pylist()
    if is_image and any(isinstance(value, dict) for value in values):
        return (_picture(path, value) for value in values)
    names = _class_names(feature)
    said: Callable[[Any], str] = (lambda value: names[value]) if names else str
    return (_cell(value, said) for value in values)


def _class_names(feature: Any) -> list[str] | None:
    """The names of a column of class numbers, or of lists of them."""
    inner = feature[0] if isinstance(feature, list) and feature else feature
    if isinstance(inner, dict) and isinstance(inner.get("feature"), dict):
        inner = inner["feature"]
    names = inner.get("names") if isinstance(inner, dict) else None
    return [str(name) for name in names] if isinstance(names, list) else None


def _cell(value: Any, said: Callable[[Any], str]) -> str:
    """A value as a CSV file has it; a list as Python writes it."""
    if value is None:
        return ""
    if isinstance(value, list):
        return repr([said(one) for one in value]) if value else "set()"
    return said(value)


def _picture(path: Path, value: Any) -> str:
    """The file of a picture that lies in the table: its own, or one that is written from its bytes and kept."""
    data = value.get("bytes") if isinstance(value, dict) else None
    if data is None:
        return str(value.get("path") or "") if isinstance(value, dict) else str(value or "")
    suffix = Path(str(value.get("path") or "")).suffix or _suffix(data)
    file = _kept() / f"{hashlib.sha256(data).hexdigest()[:32]}{suffix}"
    if not file.is_file():
        file.parent.mkdir(parents=True, exist_ok=True)
        part = file.with_name(f"{file.name}.{os.getpid()}")
        part.write_bytes(data)
        os.replace(part, file)
    return str(file)


def _suffix(data: bytes) -> str:
    return ".png" if data.startswith(b"\x89PNG") else ".jpg"


def _kept() -> Path:
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path("~/.cache").expanduser()) / "compose" / "pictures"
