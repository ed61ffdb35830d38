"""What the folders of two runs say otherwise beside their specs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import compose

from .pairs import SMALL, over

BLOCK = '''
from jaxtyping import Float
from torch import Tensor, nn

from compose.block import block


@block
class Doubled(nn.Module):
    """Twice the map."""

    def forward(self, maps: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        """Twice it.

        Args:
            maps: any maps.

        Returns:
            doubled: the doubled maps.
        """
        return 2 * maps
'''


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Two runs of one spec with a block of the user's, which was edited in between, and other data."""
    folder = tmp_path_factory.mktemp("runs")
    model = {"twice": {"use": "doubled", "in": "neck"}, "words": {"in": ["twice", "labels.vectors"]}}
    spec = over(SMALL, {"model": model, "train": {"first": None, "main": {"epochs": 1}}})
    for name, code, images in (("a", BLOCK, "all"), ("b", BLOCK.replace("2 *", "2.0 *"), "with_positives")):
        (folder / "mine.py").write_text(code)
        values = over(spec, {"evaluate": {"images": images}})
        compose.train(
            values, blocks=folder / "mine.py", out=folder / name, device="cpu", progress=False, overrides={"seed": 0}
        )
    return folder / "a", folder / "b"


def test_a_run_and_itself(runs: tuple[Path, Path]) -> None:
    assert not compose.diff(runs[0], runs[0])


def test_code_and_protocol(runs: tuple[Path, Path]) -> None:
    found = compose.diff(*runs)
    assert found.records[0] == "code: blocks/mine.py is another"
    assert "protocol of zsl: which images: all against with_positives" in found.records
    assert not any(line.startswith(("version", "data")) for line in found.records)
    assert "\nthe runs\n~ code: blocks/mine.py is another\n" in found.text
    assert found.to_json()["records"] == list(found.records)
    assert [entry.values[0].key for entry in found.sections["evaluate"]] == ["images"]


def test_code_of_a_spec_and_a_run(runs: tuple[Path, Path]) -> None:
    lock, given = runs[0] / "spec.lock.yaml", runs[0].parent / "mine.py"
    found = [compose.diff(lock.read_text(), run, blocks=given, costs=False).records for run in runs]
    assert found == [["code: blocks/mine.py is another"], []]


def test_versions_and_data(runs: tuple[Path, Path]) -> None:
    lock, data = runs[1] / "spec.lock.yaml", runs[1] / "data.json"
    before = lock.read_text(), data.read_text()
    lock.write_text(lock.read_text().replace("# with: compose ", "# with: compose 9."))
    record = json.loads(data.read_text())
    data.write_text(json.dumps({**record, "examples": {**record["examples"], "train": 40}}))
    try:
        records = compose.diff(*runs, costs=False).records
    finally:
        lock.write_text(before[0])
        data.write_text(before[1])
    assert "data: train has 40 examples, and had 32" in records
    assert f"version: compose {compose.__version__} → 9.{compose.__version__}" in records


def test_a_run_and_a_spec_that_says_otherwise(runs: tuple[Path, Path]) -> None:
    again = compose.diff(runs[0], runs[0], overrides={"evaluate.ties": "worst"}, costs=False)
    assert again.records == []
    assert [str(value) for entry in again.sections["evaluate"] for value in entry.values] == ["ties grouped → worst"]
