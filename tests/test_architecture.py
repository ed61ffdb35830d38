"""The rules between the parts: who may import whom, and that everything a spec may name is documented."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.registry.declaration import Declaration
from compose.registry.registry import registry

ROOT = Path(__file__).parents[1]
DECLARATIONS = registry().all()


def _imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


@pytest.mark.parametrize("folder", ["blocks", "graphs"])
def test_blocks_and_graphs_know_only_the_contract(folder: str) -> None:
    allowed = ("compose.block", "compose.blocks", "compose.graphs")
    for path in (ROOT / folder).rglob("*.py"):
        foreign = [name for name in _imports(path) if name.startswith("compose") and not _inside(name, allowed)]
        assert foreign == [], f"{path.name} imports {foreign}"


def _inside(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in allowed)


def test_the_framework_imports_no_block() -> None:
    for path in (ROOT / "compose").rglob("*.py"):
        assert not [name for name in _imports(path) if _inside(name, ("compose.blocks",))], path


def test_the_framework_names_no_block() -> None:
    names = "|".join(re.escape(d.name) for d in DECLARATIONS if d.kind in ("block", "loss") and "_" in d.name)
    for path in (ROOT / "compose").rglob("*.py"):
        strings = [
            node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)
        ]
        found = [text for text in strings if isinstance(text, str) and re.fullmatch(names, text)]
        assert found == [], path


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda d: f"{d.kind}-{d.name}")
def test_everything_is_documented(declaration: Declaration) -> None:
    assert declaration.summary.endswith(".")
    undocumented = [p.name for p in declaration.parameters if not p.doc]
    undocumented += [port.name for port in (*declaration.inputs, *declaration.outputs) if not port.doc]
    assert undocumented == []


def test_no_pickle_no_eval() -> None:
    for part in ("compose", "blocks", "graphs"):
        for path in (ROOT / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    _check_call(node, path)


def _check_call(node: ast.Call, path: Path) -> None:
    name = ast.unparse(node.func)
    assert name.split(".")[0] not in ("pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"), path
    assert name not in ("eval", "exec", "yaml.load", "yaml.unsafe_load", "np.load", "numpy.load") or _is_safe(node), (
        path
    )
    if name == "torch.load":
        assert any(k.arg == "weights_only" and ast.unparse(k.value) == "True" for k in node.keywords), path


def _is_safe(node: ast.Call) -> bool:
    """numpy.load without pickles."""
    keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
    return ast.unparse(node.func).endswith(".load") and keywords.get("allow_pickle", "False") == "False"
