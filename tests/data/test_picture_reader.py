"""What a run keeps of how pictures are read gives the same as the source itself."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from compose.data.drawn.alphabets import Alphabets
from compose.data.drawn.glyph_scenes import GlyphScenes
from compose.data.kept_source import KeptSource
from compose.data.pictures.images import Images
from compose.data.source import DataError, DataSource
from compose.data.vectors.glosses import Glosses

SOURCES: dict[str, Callable[[Path], DataSource]] = {
    "the middle": lambda folder: Images(folder, labels=folder / "labels.csv", size=16),
    "squashed": lambda folder: Images(
        folder, labels=folder / "labels.csv", size=12, fit="squash", normalisation="half"
    ),
    "white given": lambda folder: Images(folder, labels=folder / "labels.csv", size=16, white=40000),
    "scenes": lambda folder: GlyphScenes(size=32),
    "ink": lambda folder: Alphabets(size=14),
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (40, 70, 3), np.uint8)
    Image.fromarray(pixels).save(tmp_path / "a.png")
    Image.fromarray(np.arange(1600, dtype=np.uint16).reshape(40, 40) * 20).save(tmp_path / "wide.png")
    (tmp_path / "labels.csv").write_text("image,labels,split\na.png,cat;dog,train\n")
    return tmp_path


@pytest.mark.parametrize("name", SOURCES)
def test_pictures_are_read_as_by_the_source(folder: Path, name: str) -> None:
    source = SOURCES[name](folder)
    kept = KeptSource.from_json(json.loads(json.dumps(KeptSource.of(source).to_json())))
    image = kept.read_image(folder / "a.png")
    assert torch.equal(image, source.read_image(folder / "a.png"))
    assert torch.equal(kept.displayed(image), source.displayed(image))
    assert kept.labels == source.labels
    assert kept.scaled(folder / "wide.png") == source.scaled(folder / "wide.png")
    assert torch.equal(kept.read_image(folder / "wide.png"), source.read_image(folder / "wide.png"))
    assert (kept.shapes, kept.parents, kept.name) == (source.shapes, source.parents, source.name)
    with pytest.raises(DataError, match="only what prediction needs"):
        kept.split("train")


def test_a_source_of_no_pictures_reads_none() -> None:
    kept = KeptSource.of(Glosses())
    assert kept.reader is None
    with pytest.raises(DataError, match="expected a data source of pictures"):
        kept.read_image("a.png")
