"""The page of what a model gets wrong: whole, without scripts, and safe for whatever labels and files are called."""

from __future__ import annotations

from base64 import b64decode
from collections.abc import Sequence
from html.parser import HTMLParser
from io import BytesIO
from itertools import pairwise
from typing import Any, ClassVar

import pytest
import torch
from PIL import Image
from torch import Tensor

from compose.data.source import DataError, DataSource, Examples, LabelTable
from compose.evaluation.evaluator import Truth, evaluate
from compose.evaluation.metrics.metric_entries import make_metrics
from compose.evaluation.mistakes.error_page import error_page
from compose.evaluation.result import Result
from compose.evaluation.task_labels import task_labels

HOSTILE = ('<script>alert("x")</script>', "a&b", "'\"><img src=x>", "line\nbreak", "\u202egnirts", "plain")
TABLE = LabelTable(HOSTILE, (True, True, True, False, False, False), (None,) * 6)
VOID = {"meta", "img", "link", "br"}


class Shown(Examples):
    """Ten pictures, the fourth of which is gone."""

    def __len__(self) -> int:
        return 10

    def names(self, indices: Sequence[int]) -> list[str]:
        return [f"<b>{index}</b>.jpg" if index else "" for index in indices]

    def __getitem__(self, indices: Sequence[int]) -> dict[str, Tensor]:
        if 3 in indices:
            raise DataError("gone")
        return {"image": torch.rand(len(indices), 3, 200, 100)}


class Pictures(DataSource):
    labels = TABLE
    shapes: ClassVar[dict[str, tuple[int, ...]]] = {"image": (3, 200, 100)}

    def split(self, name: str) -> Shown:
        return Shown()

    def displayed(self, image: Tensor) -> Tensor:
        return image


class Vectors(Pictures):
    shapes: ClassVar[dict[str, tuple[int, ...]]] = {"features": (5,)}


class Reader(HTMLParser):
    """Reads a page and checks that every element ends."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.seen: list[tuple[str, dict[str, Any]]] = []
        self.text = ""
        self.feed(page)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.seen.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.seen if name == tag]


def result(*, images: str = "all") -> Result:
    random = torch.Generator().manual_seed(3)
    targets = (torch.randint(0, 3, (10, 6), generator=random) - 1).to(torch.int8)
    targets[0] = -1
    labels = task_labels(TABLE, ("zsl", "gzsl"))
    scores = {task: torch.randn(10, len(own.columns), generator=random) for task, own in labels.items()}
    truth = Truth(targets, "mine", "test")
    return evaluate(
        scores,  # type: ignore[arg-type]
        truth,
        labels,
        make_metrics(("map",)),
        images=images,  # type: ignore[arg-type]
        each_label=True,
    )


@pytest.mark.parametrize("source", [Pictures(), Vectors()])
def test_the_page_is_whole_and_nothing_in_it_is_the_users(source: DataSource) -> None:
    page = Reader(error_page(result(), source, "<i>name</i>"))
    assert {tag for tag, _ in page.seen} & {"script", "i", "b", "iframe", "object"} == set()
    assert [key for _, given in page.seen for key in given if key.startswith("on")] == []
    addresses = [given[key] for _, given in page.seen for key in ("src", "href") if key in given]
    assert [one for one in addresses if not one.startswith(("#", "data:image/jpeg;base64,"))] == []
    assert "What <i>name</i> gets wrong" in page.text
    for name in (HOSTILE[0], HOSTILE[1], HOSTILE[2], r"line\nbreak", r"\u202egnirts"):
        assert name in page.text
    assert "\u202e" not in page.text


def test_pictures_are_small_and_say_what_they_show() -> None:
    page = Reader(error_page(result(), Pictures(), "m"))
    images = page.all("img")
    assert images
    for given in images:
        picture = Image.open(BytesIO(b64decode(given["src"].partition(",")[2])))
        assert picture.size == (int(given["width"]), int(given["height"])) == (80, 160)
        assert ", shows " in given["alt"]
    assert "<b>3</b>.jpg" in page.text  # that picture is gone
    assert "Worst pictures" in page.text
    assert "Worst examples" in Reader(error_page(result(), Vectors(), "m")).text


def test_a_keyboard_and_a_screen_reader_find_their_way() -> None:
    page = Reader(error_page(result(), Pictures(), "m"))
    headings = [int(tag[1]) for tag, _ in page.seen if tag in ("h1", "h2", "h3", "h4", "h5")]
    assert headings[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))
    targets = {given["id"] for _, given in page.seen if "id" in given}
    assert {given["href"].removeprefix("#") for given in page.all("a")} <= targets
    assert all("scope" in given for given in page.all("th"))
    assert all(given["tabindex"] == "0" and given["aria-label"] for given in page.all("div"))
    assert page.all("html") == [{"lang": "en"}]
    assert len(page.all("caption")) == len(page.all("table")) == 4


def test_rows_are_places_in_the_split_where_not_all_images_count() -> None:
    whole, some = (result(images=images)["zsl"].mistakes for images in ("all", "with_positives"))
    assert whole is not None
    assert some is not None
    assert [example.row for example in whole.examples] == [example.row for example in some.examples]
    assert whole.pairs == some.pairs


def test_no_mistakes_no_page() -> None:
    assert error_page(Result({}), Pictures(), "m") == ""
