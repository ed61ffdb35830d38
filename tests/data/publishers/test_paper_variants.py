"""Each paper's own setting starts on the publishers' files alone: no hand-made file, and any GloVe file."""

from __future__ import annotations

from pathlib import Path

import pytest

import compose

from .published import coco_folder, delicious_folder, glove_file, nus_wide_folder, open_images_folder

NO_WEIGHTS = ("train.main.batch=4", "model.backbone.weights=none")
CASES = [
    ("rgcn-posvae", ["paper"], (*NO_WEIGHTS, "model.classifier.weights=none"), (64, 16)),
    ("rgcn-posvae", ["paper", "nus-wide"], (*NO_WEIGHTS, "model.classifier.weights=none"), (3, 16)),
    ("ml2p", ["paper"], NO_WEIGHTS, (8, 19)),
    ("ml2p", ["paper", "open-images"], NO_WEIGHTS, (5, 3)),
    ("lesa", ["paper", "localisation"], NO_WEIGHTS, (3, 1)),
    ("desire-net", ["paper"], (), (600, 375)),
]


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder above those of all data, and beside them a file of word vectors."""
    root = tmp_path_factory.mktemp("data")
    nus_wide_folder(root / "nus-wide", train=40, test=16)
    coco_folder(root / "coco", train=40, test=16)
    open_images_folder(root / "open-images", train=20, held=8)
    delicious_folder(root / "delicious")
    glove_file(root / "glove.txt")
    return root


@pytest.mark.parametrize(("name", "variants", "changes", "labels"), CASES)
def test_the_papers_setting_is_valid(
    root: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    variants: list[str],
    changes: tuple[str, ...],
    labels: tuple[int, int],
) -> None:
    monkeypatch.setenv("COMPOSE_DATA", str(root))
    overrides = [*changes, f"labels.vectors.path={root / 'glove.txt'}"]
    found = compose.validate(f"zoo/{name}.yaml", variants=variants, overrides=overrides)
    assert [str(error) for error in found.errors] == []
    made = compose.load(f"zoo/{name}.yaml", variants=variants, overrides=overrides)
    seen = made.source.labels.seen
    assert (sum(seen), len(seen) - sum(seen)) == labels


@pytest.mark.parametrize(("name", "epochs"), [("ml2p", 7), ("lesa", 2)])
def test_open_images_is_trained_and_measured_as_the_texts_have_it(name: str, epochs: int) -> None:
    from compose.spec.read import read_spec

    values = read_spec(f"zoo/{name}.yaml", variants=["paper", "open-images"]).values
    assert values["train"]["main"]["epochs"] == epochs  # type: ignore[index, call-overload]
    assert values["evaluate"]["metrics"] == ["map", "f1@10", "f1@20"]  # type: ignore[index, call-overload]
    assert values["data"]["use"] == "open_images"  # type: ignore[index, call-overload]
