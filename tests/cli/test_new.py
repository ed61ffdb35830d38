"""``compose new`` and ``compose schema``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compose.cli.schema import INDEX, SCHEMA, documents
from compose.registry.registry import registry
from compose.spec.yaml.reader import load_file
from compose.spec.yaml.tree import plain

BLOCK = '''
from __future__ import annotations
from jaxtyping import Float
from torch import Tensor, nn
from compose.block import block

@block
class MyBlock(nn.Module):
    """Does nothing at all."""

    def forward(self, x: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        """Do nothing.

        Args:
            x: anything.

        Returns:
            The same.
        """
        return x
'''


def test_new_validates(run: Any) -> None:
    result = run("new", "my.model.yaml")
    assert result.exit_code == 0
    text = Path("my.model.yaml").read_text()
    assert text.startswith("# yaml-language-server: $schema=file://")
    assert "compose train my.model.yaml" in text
    assert "starter" not in text
    assert plain(load_file(Path("my.model.yaml")))["name"] == "my.model"
    assert run("validate", "my.model.yaml").exit_code == 0


def test_new_never_overwrites(run: Any, spec: Path) -> None:
    before = spec.read_text()
    result = run("new", "small.yaml")
    assert result.exit_code == 2
    assert "exists already" in result.stderr
    assert spec.read_text() == before
    assert run("new", "small", "--force").exit_code == 0
    assert spec.read_text() != before


@pytest.mark.parametrize("name", [".", "..", "/", "here/.."])
def test_new_wants_the_name_of_a_file(run: Any, name: str) -> None:
    result = run("new", name)
    assert result.exit_code == 2
    assert f"expected the name of a file to write, such as model.yaml, got `{name}`" in result.stderr


def test_new_never_writes_to_a_folder(run: Any) -> None:
    Path("a.yaml").mkdir()
    result = run("new", "a", "--force")
    assert result.exit_code == 2
    assert "a.yaml is a folder; name another file" in result.stderr


def test_new_from_another_spec(run: Any) -> None:
    assert run("new", "other", "--from", "small.yaml").exit_code == 0
    assert plain(load_file(Path("other.yaml"))) == {**plain(load_file(Path("small.yaml"))), "name": "other"}
    assert run("new", "-", "--from", "small.yaml").stdout.count("\n") == Path("other.yaml").read_text().count("\n")
    assert "there is no file smal.yaml" in run("new", "x", "--from", "smal.yaml").stderr


@pytest.mark.usefixtures("fresh_registry")
def test_schema_with_own_blocks(run: Any) -> None:
    Path("mine.py").write_text(BLOCK)
    result = run("schema", "-o", "made/schema", "--blocks", "mine.py")
    assert result.exit_code == 0
    assert "wrote made/schema/blocks.json" in result.stderr
    index = json.loads(Path("made/schema", INDEX).read_text())
    assert "my_block" in [declaration["name"] for declaration in index["declarations"]]
    assert '"my_block"' in Path("made/schema", SCHEMA).read_text()
    assert run("schema", "-o", "made/schema", "--blocks", "mine.py", "--check").exit_code == 0
    Path("made/schema", SCHEMA).write_text("{}")
    changed = run("schema", "-o", "made/schema", "--blocks", "mine.py", "--check")
    assert changed.exit_code == 1
    assert "made/schema/spec.schema.json differs" in changed.stderr


def test_schema_is_stable() -> None:
    texts = documents(registry())
    assert texts == documents(registry())
    assert all(text.endswith("}\n") and json.loads(text) for text in texts.values())
