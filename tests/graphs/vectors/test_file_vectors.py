from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from compose.block import BlockError
from compose.graphs import MissingLabels, VectorFileError
from compose.graphs.vectors.file_vectors import FileVectors

NAMES = ["dog", "polar bear", "channel 5"]
VECTORS = np.array([[1, 2], [3, 4.5], [-5, 6e-1]], dtype=np.float32)


def write(path: Path, content: str) -> Path:
    path.write_text(content, "utf-8")
    return path


def numbered(separator: str) -> str:
    return "".join(separator.join([name, *map(str, row)]) + "\n" for name, row in zip(NAMES, VECTORS, strict=True))


def npz(path: Path) -> None:
    np.savez(path, names=np.array(NAMES), vectors=VECTORS)


def npz_of_names(path: Path) -> None:
    np.savez(path, **dict(zip(NAMES, VECTORS, strict=True)))


def safetensors(path: Path) -> None:
    save_file({name: torch.tensor(row) for name, row in zip(NAMES, VECTORS, strict=True)}, path)


FORMS: dict[str, Callable[[Path], object]] = {
    "v.npz": npz,
    "names.npz": npz_of_names,
    "v.safetensors": safetensors,
    "v.json": lambda path: write(path, json.dumps(dict(zip(NAMES, VECTORS.tolist(), strict=True)))),
    "v.csv": lambda path: write(path, numbered(",")),
    "titles.csv": lambda path: write(path, "label,x,y\n" + numbered(",")),
    "quoted.csv": lambda path: write(path, "\ufeff" + numbered(",").replace("polar bear", '"polar bear"')),
    "v.tsv": lambda path: write(path, numbered("\t")),
    "v.txt": lambda path: write(path, numbered(" ")),
    "header.txt": lambda path: write(path, "3 2\n" + numbered(" ")),
    "V.TXT": lambda path: write(path, numbered("  ") + "\n"),
    "tabs.txt": lambda path: write(path, numbered("\t")),
    "tab.txt": lambda path: write(
        path, "\ufeff" + numbered(" ").replace("g ", "g\t").replace("r ", "r\t").replace("5 -", "5\t-")
    ),
    "bom.json": lambda path: write(path, "\ufeff" + json.dumps(dict(zip(NAMES, VECTORS.tolist(), strict=True)))),
    "bom.tsv": lambda path: write(path, "\ufeff" + numbered("\t")),
    "bom.txt": lambda path: write(path, "\ufeff" + numbered(" ")),
}


@pytest.mark.parametrize("name", FORMS)
def test_every_form(tmp_path: Path, name: str) -> None:
    FORMS[name](tmp_path / name)
    vectors = FileVectors(tmp_path / name)
    found = vectors([NAMES[2], NAMES[0], NAMES[1]], [None] * 3)
    assert vectors.dim == 2
    assert found.dtype == torch.float32
    np.testing.assert_array_equal(found, VECTORS[[2, 0, 1]])


def test_labels_that_all_end_in_a_number(tmp_path: Path) -> None:
    path = write(tmp_path / "v.txt", "class 1 0.1 2 0.3\nclass 2 .1 .2 .3\nclass 13 .1 .2 .4\n")
    vectors = FileVectors(path)
    found = vectors(["class 13", "class 1"], [None, None])
    np.testing.assert_array_equal(found, np.array([[0.1, 0.2, 0.4], [0.1, 2, 0.3]], np.float32))
    whole = FileVectors(write(tmp_path / "w.txt", "dog 1 2\ncat 3 4\n"))
    assert whole(["dog"], [None]).tolist() == [[1, 2]]


def test_a_line_may_hold_unusual_blanks(tmp_path: Path) -> None:
    vectors = FileVectors(write(tmp_path / "v.txt", "a\u2028b\t1 2\r\ndog\t3 4\r\n"))
    assert vectors(["a\u2028b", "dog"], [None, None]).tolist() == [[1, 2], [3, 4]]


def test_a_label_is_found_by_other_spellings_and_by_its_synset(tmp_path: Path) -> None:
    path = write(tmp_path / "v.json", '{"Polar-Bear": [1, 0], "queen.n.02": [0, 1], "A b": [2, 0], "a_b": [0, 2]}')
    vectors = FileVectors(path)
    found = vectors(["polar_bear", "monarch", "a_b", "A b", "A-B"], [None, "queen.n.02", None, None, None])
    assert found.tolist() == [[1, 0], [0, 1], [0, 2], [2, 0], [0, 2]]


def test_all_missing_labels_in_one_error(tmp_path: Path) -> None:
    npz(tmp_path / "v.npz")
    with pytest.raises(MissingLabels) as caught:
        FileVectors(tmp_path / "v.npz")(["dogg", "dog", "xq"], [None, None, "queen.n.02"])
    assert caught.value.missing == ["dogg", "xq"]
    assert caught.value.nearest["dogg"] == ["dog"]
    assert "`dogg` (nearest: `dog`)" in str(caught.value)


def test_no_labels(tmp_path: Path) -> None:
    npz(tmp_path / "v.npz")
    assert FileVectors(tmp_path / "v.npz")([], []).shape == (0, 2)


def test_an_unknown_ending() -> None:
    with pytest.raises(BlockError, match=r"expected a file ending in \.npz, .*\.txt, got v\.pkl") as caught:
        FileVectors(Path("v.pkl"))
    assert caught.value.parameter == "path"


@pytest.mark.parametrize(
    ("name", "content", "line", "problem"),
    [
        ("v.csv", "", None, "expected a vector for each label, found none"),
        ("v.csv", "dog,1,2\ncat,1\n", 2, "expected a label and 2 numbers, found `cat` and 1 fields"),
        ("v.csv", "dog,1,2\ncat,1,x\n", 2, "of which `x` is no number"),
        ("v.csv", "dog,1,2\ncat,1,nan\n", None, "expected finite numbers that are not all 0 for `cat`"),
        ("v.csv", "dog,1,2\ncat,0,0\n", None, "expected finite numbers that are not all 0 for `cat`"),
        ("v.csv", "dog,1,2\ndog,3,4\n", None, "`dog` has two vectors"),
        ("v.csv", "label,vector\n", None, "found none"),
        ("v.tsv", "dog\ncat\n", 2, "expected a label and numbers"),
        ("v.txt", "dog is an animal\n", 1, "expected a label and numbers"),
        ("v.txt", "dog .1 .2\ndog .3 .4\n", None, "`dog` has two vectors"),
        ("v.txt", "dog 1 2\ndog 3 4\n", None, "`dog` has two vectors"),
        ("v.txt", "class 1 .1\nclass 1 .2\n", None, "`class` has two vectors"),
        ("v.txt", "", None, "found none"),
        ("v.json", "[1, 2]", None, 'expected an object {"label": [numbers], ...}'),
        ("v.json", "3", None, 'expected an object {"label": [numbers], ...}'),
        ("v.json", '{"dog": [1, 2],\n', 2, "expected JSON"),
        ("v.json", '{"dog": "text"}', None, "expected a list of numbers for the first name"),
        ("v.json", '{"dog": 1}', None, "expected a list of numbers, found the shape () for the first name"),
        ("v.json", '{"dog": []}', None, "expected a list of numbers, found the shape (0,) for the first name"),
        ("v.json", '{"dog": [[1, 2]]}', None, "expected a list of numbers, found the shape (1, 2) for the first name"),
        ("v.json", '{"dog": [1, 2], "cat": [1]}', None, "expected 2 numbers, as for the others, found the shape (1,)"),
        ("v.json", '{"dog": [1, 2], "dog": [3, 4]}', None, "`dog` has two vectors"),
        ("v.json", '{"dog": {"cat": 1}}', None, "expected a list of numbers for the first name"),
        ("v.npz", "no archive", None, "expected a .npz file of numbers and names without pickle"),
        ("v.safetensors", "no tensors", None, "expected a .safetensors file"),
    ],
)
def test_bad_files(tmp_path: Path, name: str, content: str, line: int | None, problem: str) -> None:
    path = write(tmp_path / name, content)
    with pytest.raises(VectorFileError) as caught:
        FileVectors(path)(["dog"], [None])
    assert problem in caught.value.problem
    assert caught.value.line == line
    assert caught.value.path == path


def test_a_numpy_array_that_is_no_archive(tmp_path: Path) -> None:
    np.save(tmp_path / "v.npy", VECTORS)
    (tmp_path / "v.npy").rename(tmp_path / "v.npz")
    with pytest.raises(VectorFileError, match=r"expected a \.npz file"):
        FileVectors(tmp_path / "v.npz")(["dog"], [None])


def test_names_that_are_pickled(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", names=np.array(NAMES, dtype=object), vectors=VECTORS)
    with pytest.raises(VectorFileError, match="without pickle"):
        FileVectors(tmp_path / "v.npz")(["dog"], [None])


def test_names_and_vectors_that_do_not_match(tmp_path: Path) -> None:
    np.savez(tmp_path / "v.npz", names=np.array(NAMES[:2]), vectors=VECTORS)
    with pytest.raises(VectorFileError, match=r"found `names` <U10 \(2,\) and `vectors` float32 \(3, 2\)"):
        FileVectors(tmp_path / "v.npz")(["dog"], [None])


def test_not_utf8(tmp_path: Path) -> None:
    (tmp_path / "v.csv").write_bytes(b"caf\xe9,1,2\n")
    with pytest.raises(VectorFileError, match="expected UTF-8 text, found the byte 0xe9"):
        FileVectors(tmp_path / "v.csv")(["dog"], [None])


def test_no_file(tmp_path: Path) -> None:
    with pytest.raises(VectorFileError, match="there is no such file of vectors"):
        _ = FileVectors(tmp_path / "v.csv").dim
    (tmp_path / "folder.json").mkdir()
    with pytest.raises(VectorFileError, match="cannot be read"):
        _ = FileVectors(tmp_path / "folder.json").dim
