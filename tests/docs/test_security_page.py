"""What docs/security.md says of specs, weights and block files is so."""

from __future__ import annotations

import ast
import os
import pickle
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from typer.testing import CliRunner

from compose import validate
from compose.block import BlockError
from compose.blocks.vision.networks.network_weights import read_weights
from compose.cli.app import app
from compose.data.vectors.label_division import _Loader as DivisionLoader
from compose.spec.yaml.reader import MAX_BYTES, MAX_DEPTH, MAX_VALUES
from compose.spec.yaml.reader import _Loader as SpecLoader
from tools.rooms import ROOT, imports, modules

PAGE = (ROOT / "docs" / "security.md").read_text("utf-8")
STARTERS = {
    "eval",
    "exec",
    "compile",
    "os.system",
    "os.popen",
    "os.execv",
    "pickle.load",
    "pickle.loads",
    "torch.hub.load",
}
NETWORK = {"socket", "urllib", "requests", "http", "httpx", "ftplib", "subprocess", "marshal", "shelve", "ctypes"}
HARMLESS = {
    ("allocator.py", "ctypes"),
    ("child_run.py", "subprocess"),
    ("folder_lock.py", "socket"),
    ("search_study.py", "socket"),
    ("torchvision_networks.py", "urllib.error"),
}
"""The C library's ``mallopt``, a sweep's ``compose train``, the machine's name, an error of torchvision's downloads."""
SPEC = """
name: small
data: {use: glyph_scenes, size: 32, train: 16, val: 8, test: 8}
labels: {vectors: {use: wordnet, dim: 8}}
model:
  backbone: {use: backbone, arch: conv64, channels: [4, 4, 4, 4], taps: [block3]}
  pyramid: {use: forward_pyramid, in: backbone, groups: 2}
  groups: {use: channel_groups, in: pyramid}
  vectors: {use: spatial_max, in: groups}
  scores: {use: max_similarity, in: [vectors, labels.vectors]}
loss: {rank: {use: ranknet, in: scores}}
train: {main: {stage: supervised, epochs: 1, batch: 8, optimizer: {use: adam, lr: 1e-3}}}
evaluate: {tasks: [zsl], metrics: [map]}
"""


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, with a working folder and the spec in it."""
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    (tmp_path / "work").mkdir()
    monkeypatch.chdir(tmp_path / "work")
    Path("small.yaml").write_text(SPEC)
    return tmp_path


def calls() -> Iterator[tuple[str, str, ast.Call]]:
    """Every call in the project: where, of what."""
    for _, path in modules():
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            if isinstance(node, ast.Call):
                yield f"{path.relative_to(ROOT)}:{node.lineno}", ast.unparse(node.func), node


def test_nothing_evaluates_text_or_unpickles_and_only_a_sweep_starts_processes() -> None:
    assert [(place, name) for place, name, _ in calls() if name in STARTERS] == []
    named = {(path.name, module) for _, path in modules() for module in imports(path)}
    assert {each for each in named if each[1].split(".")[0] in NETWORK} == HARMLESS


def test_files_are_read_without_pickle() -> None:
    keywords = {"torch.load": ("weights_only", True), "np.load": ("allow_pickle", False)}
    found = [(place, name, node) for place, name, node in calls() if name in keywords]
    assert found
    for place, name, node in found:
        given = {word.arg: ast.unparse(word.value) for word in node.keywords}
        keyword, value = keywords[name]
        assert given.get(keyword) == str(value), place


def test_yaml_makes_no_objects() -> None:
    for loader in (SpecLoader, DivisionLoader):
        made = getattr(loader, "yaml_constructors", {})
        assert not [tag for tag in made if tag and "python" in tag]
    for text in ("!!python/object/apply:os.system ['touch owned']", "{a: !!python/name:os.system }"):
        report = validate(f"name: x\nmodel: {text}\n")
        assert {error.code for error in report.errors} <= {"tag", "syntax"}
    assert yaml.load("!!python/name:os.system x", Loader=DivisionLoader) == "x"
    assert not Path("owned").exists()


@pytest.mark.parametrize(
    "name", ["os.system", "torch.nn.Linear", "compose.blocks.core.add.Add", "../x", "mine.py:Block"]
)
def test_no_import_path_names_a_block(home: Path, name: str) -> None:
    report = validate("small.yaml", overrides=[f"model.scores.use={name}"])
    assert [error.code for error in report.errors] == ["unknown-block"]


class Payload:
    """What a malicious pickle holds."""

    def __reduce__(self) -> Any:
        return os.mkdir, ("owned",)


def test_a_pickle_with_code_is_refused_and_not_run(home: Path) -> None:
    torch.save({"weight": Payload()}, "weights.pt")
    Path("raw.pth").write_bytes(pickle.dumps(Payload()))
    for name in ("weights.pt", "raw.pth"):
        with pytest.raises(BlockError):
            read_weights(Path(name))
    assert not Path("owned").exists()


def test_validate_reaches_no_network(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("the network is reached")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    body = "arch: resnet18, weights: imagenet, taps: [layer3]"
    Path("small.yaml").write_text(SPEC.replace("arch: conv64, channels: [4, 4, 4, 4], taps: [block3]", body))
    report = validate("small.yaml")
    assert report, report


@pytest.mark.parametrize("arch", ["timm/hf-hub:some/model", "timm/local-dir:/tmp", "open_clip/hf-hub:some/model"])
def test_no_repository_can_be_named(home: Path, arch: str) -> None:
    pytest.importorskip(arch.partition("/")[0])
    report = validate("small.yaml", overrides=[f'model.backbone={{use: backbone, arch: "{arch}", taps: [layer3]}}'])
    assert "expected an architecture such as" in report.errors[0].message


def test_a_run_writes_into_its_folder_alone(home: Path) -> None:
    before = set(home.rglob("*"))
    result = CliRunner().invoke(app, ["train", "small.yaml"])
    assert result.exit_code == 0, result.stderr
    new = {path.relative_to(home) for path in set(home.rglob("*")) - before if path.is_file()}
    assert new
    elsewhere = [path for path in new if not path.is_relative_to("work/runs/small")]
    assert [path for path in elsewhere if not path.is_relative_to(".cache")] == []


def test_the_blocks_of_a_run_folder_are_run_and_it_is_said(home: Path) -> None:
    blocks = """
from pathlib import Path
from jaxtyping import Float
from torch import Tensor, nn
from compose.block import block

Path("imported").touch()


@block
class Same(nn.Module):
    \"\"\"Give back what comes.\"\"\"

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        \"\"\"Give it back.

        Args:
            maps: what comes.
        \"\"\"
        return maps
"""
    Path("mine.py").write_text(blocks)
    train = ["train", "small.yaml", "--out", "run", "--blocks", "mine.py"]
    assert CliRunner().invoke(app, train).exit_code == 0
    Path("imported").unlink()
    result = CliRunner().invoke(app, ["evaluate", "run"])
    assert result.exit_code == 0
    assert "using the blocks that the run keeps: run/blocks/mine.py" in result.stderr.replace("\n", "")
    assert Path("imported").exists()


def test_the_numbers_of_the_page() -> None:
    assert MAX_BYTES == 1 << 20
    assert "1 MiB" in PAGE
    assert f"{MAX_VALUES:,} values" in PAGE
    assert f"{MAX_DEPTH} levels" in PAGE
