"""Every spec of the zoo holds together in all its variants, and its default runs from end to end."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image
from typer.testing import CliRunner

from compose.cli.app import app
from compose.prepare import Prepared, prepare
from compose.spec.read import read_spec
from compose.spec.resolve import resolve, zoo_names

VARIANTS = [(name, variant) for name in zoo_names() for variant in resolve(name).variants]
SCALED = ("vgg19", "vgg19-bn", "resnet50", "resnet101", "released", "no-pyramid", "table3-a", "no-group-attention")


@pytest.mark.parametrize("name", zoo_names())
def test_names_and_wiring_of_all_variants(name: str) -> None:
    read_spec(name, all_variants=True)


@pytest.mark.parametrize(("name", "variant"), [case for case in VARIANTS if case[1] != "paper"])
def test_shapes_of_every_variant(name: str, variant: str) -> None:
    assert prepare(read_spec(name, variants=[variant])).shaped.facts["scores"].outputs


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders as the variants `paper` want them, with two pictures."""
    for name in ("nus-wide", "coco"):
        folder = tmp_path / name
        folder.mkdir()
        for picture in ("a.jpg", "b.jpg"):
            Image.new("RGB", (32, 24), "green").save(folder / picture)
        (folder / "labels.csv").write_text("image,labels\na.jpg,cat;dog\nb.jpg,dog;horse\n")
        (folder / "unseen.txt").write_text("horse\n")
    monkeypatch.chdir(tmp_path)


def paper(*others: str, name: str = "ml2p", changes: tuple[str, ...] = ()) -> Prepared:
    small = ["train.0.batch=4", "model.backbone.weights=none", *changes]
    return prepare(read_spec(f"zoo/{name}.yaml", variants=["paper", *others], overrides=small))


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize(
    ("variants", "changes"),
    [
        ((), ("model.classifier.weights=none",)),
        (("rgcn-xl",), ("model.classifier.weights=none",)),
        (("released",), ("model.classifier.weights=none", "model.pooled=null")),
        (("rgcn",), ("model.classifier=null",)),
    ],
)
def test_the_external_classes_of_the_paper_are_those_of_imagenet(
    variants: tuple[str, ...], changes: tuple[str, ...]
) -> None:
    made = paper(*variants, name="rgcn-posvae", changes=changes)
    facts = made.shaped.facts
    assert facts["backbone"].outputs["last"] == (4, 2048, 7, 7)
    assert facts["scores"].outputs["out"] == (4, 2)
    if "classifier" in facts:
        assert facts["classifier"].outputs["out"] == (4, 1000)
        assert made.sizes["external.vectors"] == (1000, 300)


@pytest.mark.usefixtures("pictures")
def test_the_paper_has_its_own_sizes() -> None:
    facts = paper().shaped.facts
    assert facts["backbone"].outputs["maps"] == [(4, 256, 28, 28), (4, 512, 14, 14), (4, 512, 7, 7)]
    assert facts["groups"].outputs["groups"] == (4, 7, 300, 7, 7)
    assert facts["scores"].outputs["scores"] == (4, 2)


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("variant", SCALED)
def test_the_paper_with_what_it_varies(variant: str) -> None:
    assert paper(variant).shaped.facts["scores"].outputs["scores"] == (4, 2)


@pytest.mark.parametrize("name", zoo_names())
def test_runs_from_end_to_end(name: str, tmp_path: Path) -> None:
    stages = len(prepare(read_spec(name)).stages)
    quick = ["data.train=64", "data.val=32", "data.test=400"]
    quick += ["labels.external.train=64"] if prepare(read_spec(name)).labels.external else []
    quick += [f"train.{index}.{value}" for index in range(stages) for value in ("epochs=1", "batch=32")]
    run = tmp_path / "run"
    call = ["train", name, "--out", str(run), *[part for value in quick for part in ("-s", value)]]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    tasks = json.loads((run / "report.json").read_text())["result"]["tasks"]
    assert set(tasks) >= {"zsl", "gzsl"}
    assert set(tasks["zsl"]) >= {"metrics", "chance", "prior", "protocol"}
    again = CliRunner().invoke(app, ["evaluate", str(run)])
    assert again.exit_code == 0, again.output
    Image.new("RGB", (48, 48), "white").save(tmp_path / "picture.png")
    shown = CliRunner().invoke(app, ["predict", str(run), str(tmp_path / "picture.png"), "--json", "--top", "3"])
    assert shown.exit_code == 0, shown.output
    assert len(json.loads(shown.stdout)["labels"]) == 3


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("variant", ["", "released", "m-1", "per-label", "per-cluster", "table2-rank"])
def test_the_regions_of_the_paper_are_those_of_vgg19(variant: str) -> None:
    clusters = ("labels.clusters=2",) if variant == "per-cluster" else ()
    facts = paper(*filter(None, [variant]), name="lesa", changes=clusters).shaped.facts
    assert facts["backbone"].outputs["last"] == (4, 512, 14, 14)
    assert facts["maps"].outputs["out"] == (4, 512, 14, 14)
    assert facts["scores"].outputs[next(iter(facts["scores"].outputs))] == (4, 2)
