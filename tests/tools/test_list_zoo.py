"""``docs/zoo.md`` lists every spec of the zoo as it is."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import pytest

from compose.spec.layers.resolve import resolve
from compose.spec.layers.spec_files import table_names, zoo_names
from tools.list_zoo import PAGE, main, page


def test_the_page_is_that_of_the_specs(tmp_path: Path) -> None:
    """``make zoo`` writes it anew."""
    main(tmp_path / "zoo.md")
    assert (tmp_path / "zoo.md").read_text("utf-8") == page() == PAGE.read_text("utf-8")


@pytest.mark.parametrize("name", zoo_names())
def test_every_spec_has_a_row_with_the_command_that_trains_it(name: str) -> None:
    (row,) = (line for line in page().splitlines() if f"](../{name})" in line)
    assert f"`compose train {name}`" in row


@pytest.mark.parametrize("name", table_names())
def test_the_opening_comment_of_a_table_says_how_it_is_rebuilt(name: str) -> None:
    text = files("compose.zoo").joinpath(name.removeprefix("zoo/")).read_text("utf-8")
    assert f"\n#   compose sweep {name} --seeds 3\n#   compose compare {name}\ntitle:" in text


@pytest.mark.parametrize("name", [name for name in zoo_names() if name != "zoo/starter.yaml"])
def test_the_opening_comment_says_how_it_is_trained(name: str) -> None:
    text = files("compose.zoo").joinpath(name.removeprefix("zoo/")).read_text("utf-8")
    assert f"\n#   compose train {name} " in text.partition("\nname:")[0]


@pytest.mark.parametrize("name", [name for name in zoo_names() if "paper" in resolve(name).variants])
def test_the_setting_of_a_paper_is_named(name: str) -> None:
    (row,) = (line for line in page().splitlines() if f"](../{name})" in line)
    assert "`-v paper` (" in row
