"""Which form the labels of pictures have, where they are no text that is read line by line."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol

from compose.data.folders import entries_of
from compose.data.pictures.labels.label_file import LabelReading, RowWriter
from compose.data.source import DataError

FORMS = (
    "CSV with a header, JSON and JSON lines, COCO's and LVIS's JSON, Parquet; "
    "folders of Pascal VOC's XML, of YOLO's text files, or saved by Hugging Face's `datasets`"
)
"""The forms that are read, for messages."""
_MAGIC = {
    b"PK\x03\x04": "a zip archive, as Excel's files are",
    b"\x89HDF": "HDF5",
    b"\x93NUMPY": "a numpy array",
    b"\x80\x04\x95": "a Python pickle",
    b"\x80\x03": "a Python pickle",
    b"\x1f\x8b": "gzip",
    b"SQLite f": "an SQLite database",
    b"MATLAB 5": "a MATLAB file",
    b"<?xml": "XML",
    b"<annotation": "XML",
    b"%PDF": "PDF",
}


class LabelForm(Protocol):
    """Reads labels that lie somewhere."""

    def __call__(self, path: Path, rows: RowWriter, how: LabelReading, /) -> None:
        """Write the rows."""
        ...


def form_of(path: Path) -> LabelForm | None:
    """What reads a file or folder; None for one that is read as text.

    Raises:
        DataError: it is of none of the forms that are read.
    """
    if path.is_dir():
        return _form_of_folder(path)
    if not path.is_file():  # a pipe or a device, which is told elsewhere
        return None
    with path.open("rb") as file:
        head = file.read(16)
    if path.suffix.lower() in (".parquet", ".pq") or head.startswith(b"PAR1"):
        from compose.data.pictures.forms.arrow_table import read_parquet

        return read_parquet
    found = next((what for magic, what in _MAGIC.items() if head.lstrip(b"\xef\xbb\xbf").startswith(magic)), None)
    if found is not None:
        hint = "; name the folder of such files" if found == "XML" else ""
        raise DataError(f"{path}: expected labels of pictures in a form that is read, got {found}{hint} ({FORMS})")
    return None


def _form_of_folder(folder: Path) -> LabelForm:
    from compose.data.pictures.forms.arrow_table import SAVED, read_saved
    from compose.data.pictures.forms.voc_xml import read_voc
    from compose.data.pictures.forms.yolo_text import read_yolo

    if any((folder / name).is_file() for name in SAVED):
        return read_saved
    inside = entries_of(folder)
    suffixes = {path.suffix.lower() for path in inside if path.is_file()}
    if ".xml" in suffixes:
        return lambda path, rows, how: read_voc(path, rows)
    deeper = {file.suffix.lower() for path in inside if path.is_dir() for file in entries_of(path)}
    if ".txt" in suffixes | deeper:
        return lambda path, rows, how: read_yolo(path, rows, pictures=how.folder)
    raise DataError(f"{folder}: expected labels of pictures in a form that is read, got another folder ({FORMS})")
