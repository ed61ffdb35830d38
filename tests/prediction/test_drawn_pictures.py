"""Pictures are drawn as people see them, whatever the data has done to their pixels."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from compose.data.pictures.images import Images
from compose.drawing.attention import attention_sheet, episode_sheet
from compose.prediction.answered_episode import AnsweredEpisode
from compose.prediction.asked_episode import Episode
from compose.prediction.attention_picture import attention_picture
from compose.prediction.episode_picture import episode_picture
from compose.prediction.episode_predictor import Answer
from compose.prediction.given_pictures import Picture
from compose.prediction.predictor import Guess, Prediction

COLOUR = (200, 30, 90)


@pytest.fixture
def source(tmp_path: Path) -> Images:
    """One picture of one colour, which the model is given normalised."""
    Image.new("RGB", (32, 32), COLOUR).save(tmp_path / "a.png")
    (tmp_path / "labels.csv").write_text("image,labels,split\na.png,cat,train\n")
    return Images(tmp_path, labels=tmp_path / "labels.csv", size=32, normalisation="imagenet")


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[Tensor]:
    """The pictures that the sheets were given."""
    found: list[Tensor] = []

    def rows(given: list[attention_sheet.AttentionRow], **_: object) -> Image.Image:
        found.extend(row.picture for row in given)
        return Image.new("RGB", (8, 8))

    def episode(support: list, queries: list, **_: object) -> Image.Image:
        found.extend(view.picture for view in [*support, *queries])
        return Image.new("RGB", (8, 8))

    monkeypatch.setattr(attention_sheet, "attention_sheet", rows)
    monkeypatch.setattr(episode_sheet, "episode_sheet", episode)
    return found


def check(picture: Tensor) -> None:
    expected = torch.tensor(COLOUR)[:, None, None].expand(3, 32, 32) / 255
    torch.testing.assert_close(picture, expected, atol=1 / 255, rtol=0)


def test_where_a_model_looks(source: Images, drawn: list[Tensor], tmp_path: Path) -> None:
    image = source.read_image(tmp_path / "a.png")
    assert not np.allclose(image[:, 0, 0], np.array(COLOUR) / 255, atol=0.1)
    guess = Guess("cat", 0.5, True, attention=torch.ones(2, 2))
    attention_picture([Prediction(Picture("a.png", image), (guess,))], source)
    check(*drawn)


def test_an_episode(source: Images, drawn: list[Tensor], tmp_path: Path) -> None:
    image = source.read_image(tmp_path / "a.png")
    episode = Episode(
        name="test",
        classes=("cat", "dog"),
        examples={"image": torch.stack([image] * 3)},
        support_targets=torch.tensor([[1, -1], [-1, 1]], dtype=torch.int8),
        queries=("a.png",),
    )
    episode_picture([AnsweredEpisode(episode, Answer(torch.tensor([[0.4, 0.6]]), {}))], source)
    assert len(drawn) == 3
    for picture in drawn:
        check(picture)
