"""``--data-root FOLDER``, for every command and wherever it stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compose.cli.group import data_root_named, without_data_root
from compose.errors import UsageError


@pytest.mark.parametrize("as_one", [True, False])
def test_it_is_taken_out_and_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_one: bool) -> None:
    monkeypatch.setenv("COMPOSE_DATA", "elsewhere")
    option = [f"--data-root={tmp_path}"] if as_one else ["--data-root", str(tmp_path)]
    words, root = without_data_root(["train", "a.yaml", *option, "-v", "paper"])
    assert words == ["train", "a.yaml", "-v", "paper"]
    with data_root_named(root):
        assert os.environ["COMPOSE_DATA"] == str(tmp_path)
    assert os.environ["COMPOSE_DATA"] == "elsewhere"


def test_nothing_is_left_of_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COMPOSE_DATA", raising=False)
    with data_root_named(str(tmp_path)):
        pass
    assert "COMPOSE_DATA" not in os.environ


@pytest.mark.parametrize("words", [["--data-root"], ["--data-root", "nowhere"], ["--data-root="]])
def test_a_folder_that_is_not_there_is_told(words: list[str]) -> None:
    with pytest.raises(UsageError, match="--data-root: expected the folder above those of data sets"):
        without_data_root(words)
