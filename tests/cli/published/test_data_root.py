"""``--data-root FOLDER``, for every command and wherever it stands."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from compose.cli.group import without_data_root
from compose.errors import UsageError


@pytest.mark.parametrize("as_one", [True, False])
def test_it_is_taken_out_and_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, as_one: bool) -> None:
    monkeypatch.setenv("COMPOSE_DATA", "elsewhere")
    option = [f"--data-root={tmp_path}"] if as_one else ["--data-root", str(tmp_path)]
    assert without_data_root(["train", "a.yaml", *option, "-v", "paper"]) == ["train", "a.yaml", "-v", "paper"]
    assert os.environ["COMPOSE_DATA"] == str(tmp_path)


@pytest.mark.parametrize("words", [["--data-root"], ["--data-root", "nowhere"], ["--data-root="]])
def test_a_folder_that_is_not_there_is_told(words: list[str]) -> None:
    with pytest.raises(UsageError, match="--data-root: expected the folder above those of data sets"):
        without_data_root(words)
