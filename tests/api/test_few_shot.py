"""A few-shot run through the Python API: the user's own classes, and episodes of the run's data."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PIL import Image, ImageDraw

import compose
from compose.data.source import DataError
from compose.errors import UsageError

from .conftest import FEW


@pytest.fixture(scope="module")
def few(tmp_path_factory: pytest.TempPathFactory) -> compose.Run:
    """A run of three classes."""
    return compose.train(FEW, out=tmp_path_factory.mktemp("few") / "run", device="cpu", progress=False)


def drawing(width: int) -> Image.Image:
    picture = Image.new("L", (40, 40), 255)
    ImageDraw.Draw(picture).ellipse((5, 5, 5 + width, 30), fill=0)
    return picture


SUPPORT: dict[str, Any] = {"thin": [drawing(5), drawing(6)], "wide": drawing(30)}


def test_classes_that_the_user_shows(few: compose.Run) -> None:
    assert few.few_shot
    assert few.reads_pictures
    (found,) = few.predict(drawing(29), support=SUPPORT)
    assert {guess.label for guess in found.guesses} == {"thin", "wide"}
    assert found.guesses[0].label == "wide"
    assert sum(guess.score for guess in found.guesses) == pytest.approx(1)
    assert {guess.correct for guess in found.guesses} == {guess.seen for guess in found.guesses} == {None}


def test_a_folder_gives_what_the_same_pictures_give(few: compose.Run, tmp_path: Path) -> None:
    for name, pictures in SUPPORT.items():
        (tmp_path / "classes" / name).mkdir(parents=True)
        for number, picture in enumerate(pictures if isinstance(pictures, list) else [pictures]):
            picture.save(tmp_path / "classes" / name / f"{number}.png")
    (tmp_path / "query.png").write_bytes(b"")
    drawing(12).save(tmp_path / "query.png")
    (by_name,) = few.predict(drawing(12), support=SUPPORT)
    (by_folder,) = compose.predict(few, tmp_path / "query.png", support=tmp_path / "classes")
    assert by_folder.guesses == by_name.guesses
    assert by_folder.picture.name == str(tmp_path / "query.png")


def test_episodes_of_the_runs_data(few: compose.Run) -> None:
    first, second = few.episodes(2)
    assert [len(prediction.guesses) for prediction in first.predictions()] == [3, 3, 3]
    for prediction in (*first.predictions(), *second.predictions()):
        assert [guess.correct for guess in prediction.guesses].count(True) == 1
        assert prediction.picture.image is not None
    assert first.predictions(1)[0].guesses == first.predictions()[0].guesses[:1]
    assert next(few.episodes(1, shots=2)).episode.support_targets.shape == (6, 3)


def test_what_a_few_shot_model_is_not_asked(few: compose.Run, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="learns its classes from pictures of them: give `support`"):
        few.predict(drawing(3))
    with pytest.raises(UsageError, match="does not tell where it looks: none of its blocks has `query_attention`"):
        few.predict(drawing(3), support=SUPPORT, attention=True)
    with pytest.raises(UsageError, match="support: expected pictures of two classes at least, found 1"):
        few.predict(drawing(3), support={"one": drawing(3)})
    with pytest.raises(UsageError, match="support none: there is no such folder"):
        few.predict(drawing(3), support="none")
    (tmp_path / "broken.png").write_bytes(b"nothing")
    with pytest.raises(DataError, match=r"broken\.png: not a picture that can be read"):
        few.predict(drawing(3), support={**SUPPORT, "broken": tmp_path / "broken.png"})


def test_the_others_go_on_after_a_query_that_cannot_be_read(few: compose.Run, tmp_path: Path) -> None:
    (tmp_path / "broken.png").write_bytes(b"nothing")
    (alone,) = few.predict(drawing(29), support=SUPPORT)
    broken, good = few.predict([tmp_path / "broken.png", drawing(29)], support=SUPPORT)
    assert (broken.picture.error, broken.guesses) == ("not a picture that can be read", ())
    assert good.guesses == alone.guesses
    (broken,) = few.predict(tmp_path / "broken.png", support=SUPPORT)
    assert broken.guesses == ()
    assert few.predict([], support=SUPPORT) == []


def test_a_class_without_pictures(few: compose.Run, tmp_path: Path) -> None:
    for name in (*SUPPORT, ".hidden"):
        (tmp_path / name).mkdir()
    drawing(3).save(tmp_path / "thin" / "a.png")
    with pytest.raises(UsageError, match=r"support .*: expected pictures of each class, found none of `wide`$"):
        few.predict(drawing(3), support=tmp_path)
    with pytest.raises(UsageError, match=r"support: expected pictures of each class, found none of `none`, `nil`$"):
        few.predict(drawing(3), support={**SUPPORT, "none": [], "nil": ()})
