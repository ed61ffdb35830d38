"""``compose data list | describe | check``: published data sets on this machine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from compose.cli.app import app
from tests.data.publishers.published import nus_wide_folder, open_images_folder


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("COMPOSE_DATA", str(tmp_path))
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: CliRunner().invoke(app, ["data", *words])


def test_the_list_tells_which_are_there(run: Any, tmp_path: Path) -> None:
    nus_wide_folder(tmp_path / "nus-wide")
    open_images_folder(tmp_path / "open-images")
    (tmp_path / "open-images/2018_04/classes-trainable.txt").unlink()
    states = {state["source"]: state["state"] for state in json.loads(run("list", "--json").stdout)}
    assert states == {
        **dict.fromkeys(("cifar100", "coco", "delicious", "mini_imagenet", "omniglot"), "not there"),
        "nus_wide": "there",
        "open_images": "1 files missing",
    }
    assert "NUS-WIDE" in run("list").stdout


def test_what_one_needs(run: Any) -> None:
    text = run("describe", "open_images").stdout
    assert "to be had from the page Open Images Dataset V4" in text
    assert "2018_04/train/train-annotations-human-imagelabels.csv" in text
    assert "7,186" in text
    assert "missing" in text


def test_a_folder_as_published(run: Any, tmp_path: Path) -> None:
    nus_wide_folder(tmp_path / "elsewhere")
    result = run("check", "nus_wide", str(tmp_path / "elsewhere"))
    assert result.exit_code == 0
    assert result.stderr == "the files can be used\n"
    found = json.loads(run("check", "nus_wide", str(tmp_path / "elsewhere"), "--json").stdout)
    assert found["counts"]["train"] == [12, 161_789]
    assert found["problems"] == []


def test_missing_and_cut_files_are_named(run: Any, tmp_path: Path) -> None:
    folder = nus_wide_folder(tmp_path / "nus-wide")
    tags = folder / "NUS_WID_Tags/AllTags1k.txt"
    tags.write_text(tags.read_text()[:-30])
    result = run("check", "nus_wide")
    assert result.exit_code == 1
    assert "AllTags1k.txt" in result.stdout
    assert "cut off" in result.stdout
    tags.unlink()
    assert "NUS_WID_Tags/AllTags1k.txt: missing" in run("check", "nus_wide").stdout


def test_another_name(run: Any) -> None:
    result = run("check", "nus_wids")
    assert result.exit_code == 2
    assert "there is no published data set `nus_wids`; did you mean `nus_wide`?" in result.stderr
