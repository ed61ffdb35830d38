"""A hybrid is a new file and no code: it extends a spec of the zoo, swaps blocks and data, and adds its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from compose.cli.app import app
from compose.spec.read import read_spec
from compose.training.prepare import prepare

HYBRID = """
extends: zoo/ml2p.yaml
name: hybrid
data: {use: images, folder: photos, labels: photos/labels.csv, unseen: [horse], size: 48}
blocks:
  layer:
    inputs: [x]
    params: {width: 100}
    model: {wide: {use: mlp, in: x, sizes: [$width]}}
    outputs: {x: wide}
model:
  encoder: {use: spatial_max}
  deeper: {use: layer, in: encoder, repeat: 2, carry: [x]}
  relation: {in: deeper}
"""


@pytest.fixture
def hybrid(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    Path("photos").mkdir()
    Image.new("RGB", (32, 24), "green").save("photos/a.jpg")
    Path("photos/labels.csv").write_text("image,labels\na.jpg,cat;horse\n")
    Path("hybrid.yaml").write_text(HYBRID)
    return "hybrid.yaml"


def test_shapes_follow(hybrid: str) -> None:
    facts = prepare(read_spec(hybrid)).shaped.facts
    assert facts["deeper.1.wide"].outputs["out"] == (16, 7, 100)
    assert facts["scores"].outputs["scores"] == (16, 1)


def test_variants_of_the_extended_spec_are_left_to_it(hybrid: str) -> None:
    read_spec(hybrid, all_variants=True)  # `multi-label` sets a parameter that this data does not have


def test_errors_of_the_data_stand_in_the_file_that_chose_it(hybrid: str) -> None:
    place = prepare(read_spec(hybrid)).spec.tree.items["data"].place
    assert (place.document.name, place.line) == ("hybrid.yaml", 4)


def test_the_attention_of_a_hybrid_is_drawn_measured_and_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """LESA's attentions, related to one another by (ML)²P's group attention: no code knows of either."""
    monkeypatch.chdir(tmp_path)
    quick = [
        "data.train=64",
        "data.val=32",
        "data.test=400",
        "train={pretext: null, main: {losses: [rank], epochs: 1}}",
    ]
    options = [part for value in quick for part in ("-s", value)]
    done = CliRunner().invoke(app, ["train", "zoo/hybrids/lesa-ml2p.yaml", "--out", "run", *options])
    assert done.exit_code == 0, done.output
    tasks = json.loads(Path("run/report.json").read_text())["result"]["tasks"]
    assert 0 <= tasks["zsl"]["metrics"]["localisation"] <= 1
    assert Path("run/modules.csv").read_text().startswith("label,seen,main_module,module_0,")
    shown = CliRunner().invoke(app, ["predict", "run", "--examples", "2", "--attention", "looks.png"])
    assert shown.exit_code == 0, shown.output
    assert Image.open("looks.png").width > 5 * 160
