"""Every spec of the zoo holds together in all its variants, and its default runs from end to end."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

from compose.cli.app import app
from compose.spec.layers.resolve import resolve
from compose.spec.layers.spec_files import zoo_names
from compose.spec.read import read_spec
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import plain
from compose.training.prepare import Prepared, prepare

from .stand_ins import write_delicious, write_few_shot, write_photos, write_pictures

VARIANTS = [(name, variant) for name in zoo_names() for variant in resolve(name).variants]
FEW_SHOT = [name for name in zoo_names() if prepare(read_spec(name)).evaluation.episodes]
OF_PICTURES = ("paper", "released-pictures", "open-images", "localisation", "nus-wide")
"""Variants whose data are pictures that must be there."""
QUICK = {
    "alphabets": ("data.drawings=20", "data.fresh=false"),
    "glyph_scenes": ("data.train=400", "data.val=1500", "data.size=16"),
    "glosses": ("evaluate.inner_steps=1", "evaluate.queries=4"),
}
"""What makes the default data of few-shot specs quick."""
STAND_INS = {"paper": ("delicious", "data.split=split.json"), "omniglot-paper": ("omniglot", "data.train_characters=7")}
"""A variant -> its data, and what is set so that the stand-ins suffice, which have few labels and characters."""


@pytest.mark.parametrize("name", zoo_names())
def test_names_and_wiring_of_all_variants(name: str) -> None:
    read_spec(name, all_variants=True)


@pytest.mark.parametrize("name", [name for name in zoo_names() if name.count("/") > 1])
def test_the_figures_of_a_paper_are_not_taken_over_from_another(name: str) -> None:
    """Mappings merge, also those of a spec that extends that of another paper."""
    text = files("compose.zoo").joinpath(name.removeprefix("zoo/")).read_text("utf-8")
    own, whole = (plain(tree).get("paper") or {} for tree in (load_text(text, name), resolve(name).tree))
    if own.get("title") or not whole:
        assert (stated(whole.get("figures")) or {}) == (stated(own.get("figures")) or {})


def stated(values: Any) -> Any:
    """A mapping without what it only removes."""
    if not isinstance(values, dict):
        return values
    return {key: stated(value) for key, value in values.items() if value is not None}


@pytest.mark.usefixtures("few_shot_files", "tagged_files")
@pytest.mark.parametrize(
    ("name", "variant"), [case for case in VARIANTS if case[1] not in OF_PICTURES or case[0] in FEW_SHOT]
)
def test_shapes_of_every_variant(name: str, variant: str) -> None:
    source, change = STAND_INS.get(variant, ("", ""))
    spec = read_spec(name, variants=[variant])
    if spec.values["data"]["use"] == source:  # type: ignore[index, call-overload]
        spec = read_spec(name, variants=[variant], overrides=[change])
    assert prepare(spec).shaped.facts["scores"].outputs


@pytest.fixture
def few_shot_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_few_shot(tmp_path)
    write_photos(tmp_path)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def tagged_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_delicious(tmp_path)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def pictures(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pictures(tmp_path)
    monkeypatch.chdir(tmp_path)


def paper(*others: str, name: str = "ml2p", changes: tuple[str, ...] = ()) -> Prepared:
    small = ["train.main.batch=4", "model.backbone.weights=none", *changes]
    return prepare(read_spec(f"zoo/{name}.yaml", variants=["paper", *others], overrides=small))


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("variants", [(), ("rgcn-xl",), ("released",), ("rgcn",)])
def test_the_external_classes_of_the_paper_are_those_of_imagenet(variants: tuple[str, ...]) -> None:
    changes = () if "rgcn" in variants else ("model.classifier.weights=none",)
    made = paper(*variants, name="rgcn-posvae", changes=changes)
    facts = made.shaped.facts
    assert facts["backbone"].outputs["last"] == (4, 2048, 7, 7)
    assert facts["scores"].outputs["out"] == (4, 64)
    if "classifier" in facts:
        assert facts["classifier"].outputs["out"] == (4, 1000)
        assert made.sizes["external.vectors"] == (969, 300)


@pytest.mark.usefixtures("pictures")
def test_the_paper_has_its_own_sizes() -> None:
    facts = paper().shaped.facts
    assert facts["backbone"].outputs["maps"] == [(4, 256, 28, 28), (4, 512, 14, 14), (4, 512, 7, 7)]
    assert facts["groups"].outputs["groups"] == (4, 7, 300, 7, 7)
    assert facts["scores"].outputs["scores"] == (4, 8)


def trained(name: str, run: Path, quick: list[str]) -> dict[str, Any]:
    """The tasks in the report of a run that is quickly over; the run is measured again afterwards."""
    call = ["train", name, "--out", str(run), *[part for value in quick for part in ("-s", value)]]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    again = CliRunner().invoke(app, ["evaluate", str(run)])
    assert again.exit_code == 0, again.output
    return dict(json.loads((run / "report.json").read_text())["result"]["tasks"])


@pytest.mark.parametrize("name", [name for name in zoo_names() if name not in FEW_SHOT])
def test_runs_from_end_to_end(name: str, tmp_path: Path) -> None:
    stages = prepare(read_spec(name)).stages
    quick = ["data.train=64", "data.val=32", "data.test=400"]
    quick += ["labels.external.train=64"] if prepare(read_spec(name)).labels.external else []
    quick += [f"train.{stage}.{value}" for stage in stages for value in ("epochs=1", "batch=32")]
    tasks = trained(name, tmp_path / "run", quick)
    assert set(tasks) == set(prepare(read_spec(name)).evaluation.tasks)
    assert all(set(task) >= {"metrics", "chance", "prior", "protocol"} for task in tasks.values())
    Image.new("RGB", (48, 48), "white").save(tmp_path / "picture.png")
    call = ["predict", str(tmp_path / "run"), str(tmp_path / "picture.png"), "--json", "--top", "3"]
    shown = CliRunner().invoke(app, call)
    assert shown.exit_code == 0, shown.output
    assert len(json.loads(shown.stdout)["labels"]) == 3


@pytest.mark.parametrize("name", FEW_SHOT)
def test_few_shot_specs_run_from_end_to_end(name: str, tmp_path: Path) -> None:
    made = prepare(read_spec(name))
    shapes = [test.shape for test in made.evaluation.episodes]
    quick = ["evaluate.episodes=4", *QUICK[made.spec.values["data"]["use"]]]  # type: ignore[index, call-overload]
    for key, stage in made.stages.items():
        few = "batch=5000" if stage.episodes is None else "episodes=2"
        quick += [f"train.{key}.{value}" for value in ("epochs=1", few, "log_every=1")]
        quick += [] if stage.episodes is None else [f"train.{key}.validation_episodes=2"]
    tasks = trained(name, tmp_path / "run", quick)
    assert set(tasks) == {f"{shape.ways}-way {shape.shots}-shot" for shape in shapes}
    first = made.evaluation.metrics[0].key
    for task in tasks.values():
        assert task["intervals"][first] >= 0
        assert task["chance"][first] == pytest.approx({"accuracy": 0.2, "micro_auc": 0.5}[first], abs=1e-6)
    shown = CliRunner().invoke(app, ["predict", str(tmp_path / "run"), "--episodes", "1", "--json"])
    assert shown.exit_code == 0, shown.output
    lines = [json.loads(line) for line in shown.stdout.splitlines()]
    assert [len(line.get("labels", line.get("classes"))) for line in lines] == [shapes[0].ways] * shapes[0].ways


@pytest.mark.usefixtures("pictures")
@pytest.mark.parametrize("variant", ["", "released", "m-1", "per-label", "per-cluster", "table2-rank"])
def test_the_regions_of_the_paper_are_those_of_vgg19(variant: str) -> None:
    clusters = ("labels.clusters=2",) if variant == "per-cluster" else ()
    facts = paper(*filter(None, [variant]), name="lesa", changes=clusters).shaped.facts
    assert facts["backbone"].outputs["last"] == (4, 512, 14, 14)
    assert facts["maps"].outputs["out"] == (4, 512, 14, 14)
    assert facts["scores"].outputs[next(iter(facts["scores"].outputs))] == (4, 8)


@pytest.mark.usefixtures("pictures")
def test_biam_has_a_map_and_a_scene_feature_of_vgg19() -> None:
    facts = paper(name="baselines/biam").shaped.facts
    assert facts["backbone"].outputs["last"] == (4, 512, 14, 14)
    assert facts["backbone"].outputs["pooled"] == (4, 4096)
    assert facts["place_scores"].outputs["out"] == (4, 196, 8)
    assert facts["scores"].outputs["out"] == (4, 8)
