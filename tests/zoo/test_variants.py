"""Variants compose: every ablation over the paper's setting is validated, and every other pair is wired."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

import compose
from compose.errors import ComposeError
from compose.spec.deviations import own_deviations
from compose.spec.layers.resolve import resolve
from compose.spec.layers.spec_files import zoo_names
from compose.spec.layers.sweep import sweep
from compose.spec.read import read_spec
from compose.training.prepare import prepare

from .stand_ins import publish_cifar100, write_delicious, write_few_shot, write_glove, write_pictures

SETTINGS = {
    "ml2p": ("paper",),
    "lesa": ("paper",),
    "rgcn-posvae": ("paper",),
    "desire-net": ("paper", "delicious"),
    "stanet": ("paper", "omniglot", "omniglot-paper", "mini-imagenet", "meta-cifar100"),
}
"""Paper -> the variants that set its own data and training; what else it varies is laid over each."""
VARIANTS = {name: [v for v in resolve(f"zoo/{name}.yaml").variants if v not in SETTINGS[name]] for name in SETTINGS}
SENSELESS = {
    ("lesa", "per-label", "m-1"): "`bilinear_attention` has no parameter `modules`",
    ("lesa", "per-label", "own-first-layers"): "`bilinear_attention` has no parameter `share_first`",
    ("rgcn-posvae", "rgcn", "rgcn-xl"): "the spec has `labels: {external_nodes: false}`",
    ("rgcn-posvae", "rgcn-xl", "rgcn"): "the spec has `labels: {external_nodes: false}`",
    ("desire-net", "no-inference", "no-feature"): "there is no node `i_feature`",
    ("desire-net", "no-feature", "no-inference"): "there is no node `i_feature`",
    **dict.fromkeys(
        [
            ("stanet", *pair)
            for pictures in ("mini-imagenet", "paper")
            for pair in permutations((pictures, "semantic-parents"))
        ]
        + [("stanet", "omniglot-paper", pictures) for pictures in ("mini-imagenet", "paper")],
        "there is no `parents.targets` here",
    ),
}
"""Pairs that contradict each other, and what the error says of it."""
SMALL = {
    "ml2p": ("train.main.batch=4", "model.backbone.weights=none"),
    "lesa": ("train.main.batch=4", "model.backbone.weights=none"),
    "rgcn-posvae": ("train.main.batch=4", "model.backbone.weights=none", "model.classifier.weights=none"),
    "desire-net": (
        *(f"train.tasks.{key}" for key in ("ways=2", "shots=1", "queries=2", "episodes=4", "batch=2")),
        "train.tasks.validation_episodes=2",
        "data.split=split.json",
        "evaluate={ways: 2, shots: 1, queries: 2, episodes: 4}",
    ),
    "stanet": ("evaluate.queries=1", "evaluate.episodes=4"),
}
EXTRA = {"per-cluster": ("labels.clusters=2",), "omniglot-paper": ("data.train_characters=7",)}
"""What a variant needs where there are two labels, or 14 characters."""
COMPARED = {
    name: [variant for variant in resolve(name).variants if variant != "paper"]
    for name in zoo_names()
    if name.count("/") > 1 and "paper" in resolve(name).variants
}
"""Baselines and hybrids with a setting for the user's own files -> what else they vary."""


@pytest.fixture(scope="module")
def stand_ins(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("files")
    write_delicious(folder)
    write_few_shot(folder)
    write_pictures(folder)
    write_glove(folder)
    return folder


@pytest.fixture
def files(stand_ins: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(stand_ins)
    publish_cifar100(stand_ins, monkeypatch)


def given(name: str, *variants: str) -> list[str]:
    """What is set so that the stand-ins suffice."""
    return [*SMALL[name], *(text for variant in variants for text in EXTRA.get(variant, ()))]


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("name", "setting", "variant"),
    [
        (name, setting, variant)
        for name, settings in SETTINGS.items()
        for setting in settings
        for variant in ("", *VARIANTS[name])
        if (name, setting, variant) not in SENSELESS
    ],
)
def test_what_a_paper_varies_is_valid_over_its_setting(name: str, setting: str, variant: str) -> None:
    variants = [setting, *filter(None, [variant])]
    found = compose.validate(f"zoo/{name}.yaml", variants=variants, overrides=given(name, *variants))
    assert [str(error) for error in found.errors] == []
    assert found.facts["checked"] == "all"


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(
    ("name", "variants"),
    [
        ("skg", []),
        ("skg", ["ranking"]),
        ("skg", ["one-relation"]),
        ("visual-semantic", []),
        ("visual-semantic", ["cosine"]),
    ],
)
def test_the_baselines_of_rgcn_posvae_are_valid_over_its_setting(name: str, variants: list[str]) -> None:
    small = SMALL["rgcn-posvae"][:2]
    found = compose.validate(f"zoo/baselines/{name}.yaml", variants=["paper", *variants], overrides=small)
    assert [str(error) for error in found.errors] == []


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize("asked", ["table1", "figure3-layers", "figure3-threshold"])
def test_every_figure_of_rgcn_posvae_is_valid_over_the_paper(asked: str) -> None:
    for member in sweep(resolve("zoo/rgcn-posvae.yaml", variants=["paper"]), asked):
        variants = ["paper", *(name for name in member.variants if name != "paper")]
        overrides = [*given("rgcn-posvae", *variants), *member.overrides]
        found = compose.validate("zoo/rgcn-posvae.yaml", variants=variants, overrides=overrides)
        assert [str(error) for error in found.errors] == []


@pytest.mark.usefixtures("files")
@pytest.mark.parametrize(("name", "variant"), [(name, v) for name, found in COMPARED.items() for v in ("", *found)])
def test_what_baselines_and_hybrids_vary_is_valid_over_the_papers_setting(name: str, variant: str) -> None:
    variants = ["paper", *filter(None, [variant])]
    nodes: Any = read_spec(name, variants=variants).values["model"]
    weights = [f"model.{key}.weights=none" for key, node in nodes.items() if "weights" in node]
    found = compose.validate(name, variants=variants, overrides=["train.main.batch=4", *weights])
    assert [str(error) for error in found.errors] == []
    assert found.facts["checked"] == "all"


@pytest.mark.parametrize("name", SETTINGS)
def test_every_pair_of_variants_is_wired_or_says_why_not(name: str) -> None:
    failed = {}
    for pair in permutations(resolve(f"zoo/{name}.yaml").variants, 2):
        try:
            assert read_spec(f"zoo/{name}.yaml", variants=pair).values["train"]
        except ComposeError as error:
            failed[name, *pair] = str(error)
    assert set(failed) == {key for key in SENSELESS if key[0] == name}
    for key, message in failed.items():
        assert SENSELESS[key] in message


@pytest.mark.parametrize("name", SETTINGS)
def test_every_member_of_every_sweep_is_wired(name: str) -> None:
    found = resolve(f"zoo/{name}.yaml")
    assert found.sweeps
    for asked in found.sweeps:
        for member in sweep(found, asked):
            read_spec(f"zoo/{name}.yaml", variants=member.variants, overrides=member.overrides)


@pytest.mark.parametrize("sweep_name", resolve("zoo/ml2p.yaml").sweeps)
def test_every_member_of_every_sweep_is_wired_over_the_paper(sweep_name: str) -> None:
    found = resolve("zoo/ml2p.yaml", variants=["paper"])
    for member in sweep(found, sweep_name):
        read_spec("zoo/ml2p.yaml", variants=["paper", *member.variants], overrides=member.overrides)


@pytest.mark.parametrize(
    ("name", "variants", "stages"),
    [
        ("ml2p", ("paper",), ["main"]),
        ("ml2p", ("paper", "released", "released-pictures"), ["main"]),
        ("lesa", ("paper", "table2-rank"), ["main"]),
        ("rgcn-posvae", ("paper", "rgcn"), ["main"]),
        ("desire-net", ("paper", "no-pretrain"), ["tasks"]),
        ("desire-net", ("delicious", "no-pretrain"), ["tasks"]),
        ("desire-net", ("no-pretrain", "delicious"), ["tasks"]),
        ("stanet", ("omniglot",), ["pretrain", "tasks"]),
        ("stanet", ("omniglot", "no-semantic"), ["tasks"]),
        ("stanet", ("omniglot-paper",), ["main"]),
    ],
)
def test_the_stages_that_are_left(name: str, variants: tuple[str, ...], stages: list[str]) -> None:
    assert list(read_spec(f"zoo/{name}.yaml", variants=variants).values["train"]) == stages  # type: ignore[call-overload]


@pytest.mark.parametrize("variants", [("delicious", "no-pretrain"), ("no-pretrain", "delicious")])
def test_no_pretrain_keeps_the_tasks_of_what_it_is_laid_over(variants: tuple[str, ...]) -> None:
    tasks = read_spec("zoo/desire-net.yaml", variants=variants).values["train"]["tasks"]  # type: ignore[index, call-overload]
    assert (tasks["inner_lr"], tasks["inner_steps"], tasks["epochs"]) == (0.3, 2, 8)


@pytest.mark.usefixtures("files")
def test_the_released_code_over_the_paper_has_its_backbone_and_pictures() -> None:
    variants = ["paper", "released", "released-pictures"]
    spec = read_spec("zoo/ml2p.yaml", variants=variants, overrides=given("ml2p", *variants))
    made = prepare(spec)
    shapes = made.shaped.facts
    assert [tuple(maps[1:]) for maps in shapes["backbone"].outputs["maps"]] == [
        (256, 28, 28),
        (512, 14, 14),
        (512, 7, 7),
    ]
    assert shapes["semantics"].outputs["out"][1:] == (7, 300)
    assert [term.name for term in spec.plan.terms] == ["rank"]
    assert "lambda" not in own_deviations(spec.tree)


@pytest.mark.usefixtures("files")
def test_table5_over_the_paper_trains_every_label() -> None:
    variants = ["paper", "multi-label"]
    made = prepare(read_spec("zoo/ml2p.yaml", variants=variants, overrides=given("ml2p", *variants)))
    assert all(made.source.labels.seen)
    assert list(made.evaluation.tasks) == ["seen"]


@pytest.mark.parametrize(
    ("text", "groups", "rank"),
    [
        ("model.pyramid.groups=3", (3, 100), 0.999),
        ("labels.vectors.dim=60", (7, 60), 0.999),
        ("loss.spread.weight=0.25", (7, 100), 0.75),
    ],
)
def test_groups_vectors_and_weight_vary_by_one_value_each(text: str, groups: tuple[int, int], rank: float) -> None:
    spec = read_spec("zoo/ml2p.yaml", overrides=[text])
    assert prepare(spec).shaped.facts["groups"].outputs["groups"][1:3] == groups
    assert next(term.weight for term in spec.plan.terms if term.name == "rank") == rank
