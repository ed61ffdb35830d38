from __future__ import annotations

import json
from pathlib import Path

import pytest

from compose.block import BlockError
from compose.data.classes.imagenet_classes import ImageNetClasses
from compose.data.source import DataError
from compose.graphs.taxonomy.lookup import find_synsets
from compose.graphs.taxonomy.taxonomy import load_taxonomy

IDS = ["n02012849", "n01443537", "n03126707"]  # crane (a bird), goldfish, crane (a machine)


def write(folder: Path, *lines: str) -> Path:
    path = folder / "classes.txt"
    path.write_text("".join(f"{line}\n" for line in lines))
    return path


def refusal(path: Path | None, count: int = 3) -> tuple[str, str | None]:
    with pytest.raises(BlockError) as caught:
        ImageNetClasses(classes=path, count=count)
    return str(caught.value), caught.value.parameter


def test_the_thousand_classes() -> None:
    labels = ImageNetClasses().labels
    assert len(labels.names) == len({name.lower() for name in labels.names}) == 1000
    assert all(labels.seen)
    assert (labels.names[0], labels.synsets[0]) == ("tench", "n01440764")
    assert (labels.names[207], labels.names[504], labels.names[999]) == (
        "golden retriever",
        "coffee mug",
        "toilet tissue",
    )
    assert [name for name in labels.names if "crane" in name] == ["crane.n.05", "crane.n.04"]
    taxonomy = load_taxonomy()
    synsets = find_synsets(taxonomy, labels.names, labels.synsets)
    assert len(set(synsets.tolist())) == 1000
    assert [taxonomy.wordnet_id(synset) for synset in synsets.tolist()] == list(labels.synsets)


def test_no_pictures() -> None:
    source = ImageNetClasses()
    assert source.gives == ()
    assert source.shapes == {}
    assert source.check() == source.notes() == []
    with pytest.raises(DataError, match="expected pictures for `train`, but `imagenet_classes` only names"):
        source.split("train")
    with pytest.raises(DataError, match=r"cat.jpg: expected a data source of pictures, got `imagenet_classes`, which"):
        source.read_image("cat.jpg")


@pytest.mark.parametrize("form", ["ids", "words", "json"])
def test_the_classes_of_another_network(form: str, tmp_path: Path) -> None:
    path = write(tmp_path, *IDS, "")
    if form == "words":
        path = write(tmp_path, f"{IDS[0]} crane", "", f"{IDS[1]}, goldfish, Carassius auratus", f"{IDS[2]}\tcrane")
    if form == "json":
        path = path.rename(tmp_path / "classes.json")
        path.write_text(json.dumps(IDS))
    labels = ImageNetClasses(classes=path, count=3).labels
    assert labels.synsets == tuple(IDS)
    assert labels.names == ("crane.n.05", "goldfish", "crane.n.04")


def test_all_wrong_lines_in_one_error(tmp_path: Path) -> None:
    path = write(tmp_path, IDS[0], "goldfish", "", "n99999999", IDS[1], IDS[0])
    assert refusal(path) == (
        f"{path}: expected different WordNet ids of nouns, such as n01440764:\n"
        "  line 2: `goldfish` is no WordNet id\n"
        "  line 4: no noun of WordNet 3.0 has the id n99999999\n"
        "  line 6: n02012849 occurs twice, first in line 1",
        "classes",
    )
    path = write(tmp_path, IDS[0], *["x"] * 12)
    assert refusal(path)[0].endswith("line 11: `x` is no WordNet id\n  ... and 2 more")


def test_a_list_of_the_wrong_length(tmp_path: Path) -> None:
    path = write(tmp_path, *IDS)
    message = f"{path}: expected 1,000 classes (`count`, the network's outputs), got 3"
    assert refusal(path, count=1000) == (message, "classes")
    assert refusal(None, count=3) == (
        "expected 1,000 for ImageNet-1k's classes, got 3; list others in `classes`",
        "count",
    )


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.txt", "\n", "expected WordNet ids, but there are none"),
        ("a.json", "[]", "expected WordNet ids, but there are none"),
        ("a.json", '["n01440764",', "expected a JSON list of WordNet ids (Expecting value)"),
        ("a.json", '{"0": "n01440764"}', 'expected a JSON list of WordNet ids, ["n01440764", ...]'),
        ("a.json", "[1]", 'expected a JSON list of WordNet ids, ["n01440764", ...]'),
        ("a.txt", b"\xff\xfe", "cannot be read (it is not UTF-8)"),
        ("a.txt", None, "cannot be read (No such file or directory)"),
    ],
)
def test_files_that_are_no_list(name: str, content: str | bytes | None, expected: str, tmp_path: Path) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    message, parameter = refusal(tmp_path / name)
    assert message.startswith(str(tmp_path / name))
    assert message.endswith(expected)
    assert parameter == "classes"
