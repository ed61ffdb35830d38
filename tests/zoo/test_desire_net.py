"""The variants of DESIRE-Net train and are measured, also together, on a small Delicious."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

import compose
from compose.cli.app import app
from compose.spec.read import read_spec
from compose.training.prepare import prepare

from .stand_ins import write_delicious

TABLE2 = ("no-l2", "no-pretrain", "no-inference", "no-feature", "no-correlation", "no-attention")
SMALL = {"ways": 2, "shots": "[1,2]", "queries": 2, "episodes": 4, "batch": 2, "validation_episodes": 2}
"""A stage of two steps."""
NO_L2 = ("train.tasks.inner_lr=1e-3",)
"""Without L2 normalisation the inner products of features and vectors are large, and larger steps diverge."""

BY_FILE = ("data.split=split.json",)
"""The paper divides by counts, for which there are too few tags here."""


@pytest.fixture(autouse=True)
def tagged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_delicious(tmp_path)
    monkeypatch.chdir(tmp_path)


def small(*variants: str) -> list[str]:
    """The words of a command line that make the tasks of a spec small."""
    by_file = BY_FILE if "paper" in variants else ()
    made = prepare(read_spec("zoo/desire-net.yaml", variants=list(variants), overrides=list(by_file)))
    changes = [*by_file, "evaluate.ways=[2,3]", "evaluate.shots=[1,2]", "evaluate.queries=2", "evaluate.episodes=4"]
    for key, stage in made.stages.items():
        options = SMALL if stage.episodes else {"batch": 100, "log_every": 1}
        changes += [f"train.{key}.{name}={value}" for name, value in {**options, "epochs": 1}.items()]
    changes += NO_L2 if "no-l2" in variants else ()
    return [*(word for name in variants for word in ("-v", name)), *(word for one in changes for word in ("-s", one))]


@pytest.mark.parametrize(
    "variants",
    [
        *(("delicious", name) for name in TABLE2),
        ("delicious",),
        ("delicious", "memorise"),
        ("paper",),
        ("paper", "released"),
    ],
    ids=" ".join,
)
def test_variants_train(tmp_path: Path, variants: tuple[str, ...]) -> None:
    call = ["train", "zoo/desire-net.yaml", "--out", str(tmp_path / "run"), *small(*variants)]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    tasks = json.loads((tmp_path / "run" / "report.json").read_text())["result"]["tasks"]
    assert set(tasks) == {f"{ways}-way {shots}-shot" for ways in (2, 3) for shots in (1, 2)}
    for task in tasks.values():
        assert {"micro_auc", "micro_f1", "macro_f1"} <= set(task["metrics"])


def test_the_paper_has_its_own_vectors() -> None:
    made = prepare(read_spec("zoo/desire-net.yaml", variants=["paper"], overrides=BY_FILE))
    assert made.shaped.facts["extractor"].outputs["out"][1:] == (300,)
    assert made.source.example_protocol == "label_split"


def test_the_paper_divides_by_counts_and_keeps_all_pages() -> None:
    spec = read_spec("zoo/desire-net.yaml", variants=["paper"])
    assert spec.values["data"]["split"] == {"train": 600, "val": 175, "test": 200}  # type: ignore[index, call-overload]
    assert spec.values["data"]["duplicates"] == "keep"  # type: ignore[index, call-overload]
    for name in ("i_feature", "i_attention"):
        assert 0.1 <= spec.values["model"][name]["dropout"] <= 0.5  # type: ignore[index, call-overload, operator]


def test_the_released_code_by_loops() -> None:
    """Eq. 5, 6 with a bias, and 7 in 10 with unit vectors, an example and a label at a time."""
    model = compose.load("zoo/desire-net.yaml", variants=["released"]).build().inference.double().eval()
    given = {
        "features": torch.randn(3, 500),
        "labels_base": torch.randn(180, 51),
        "labels_novel": torch.randn(4, 51),
        "labels_base_mask": (torch.arange(180) % 7 > 0).to(torch.int8),
    }
    given = {name: value.double() if value.is_floating_point() else value for name, value in given.items()}
    kept = [place for place in range(180) if place % 7]
    base, weights = given["labels_base"][kept], dict(model.named_parameters())
    rows = []
    for z in model.extractor(given["features"], given["labels_base"]):
        feature = model.i_feature.transform(z)
        scores = torch.stack([z @ vector for vector in base])
        relation = weights["i_correlation.relation.weight"][:, kept]
        related = relation @ (scores / scores.norm()) + weights["i_correlation.relation.bias"]
        attended = sum(1 / (1 + (-4 * score).exp()) * vector for score, vector in zip(scores, base, strict=True))
        inferred = model.i_attention.transform(attended / attended.norm())
        parts = [
            torch.stack([feature / feature.norm() @ w, related @ w, inferred @ (w / w.norm())])
            for w in given["labels_novel"]
        ]
        rows.append(torch.stack([(weights["inference.factors"] * part).sum().sigmoid() for part in parts]))
    found, expected, seed = model(**given)["scores"], torch.stack(rows), torch.randn(3, 4).double()
    torch.testing.assert_close(found, expected)
    ours, theirs = (torch.autograd.grad((scores * seed).sum(), [*weights.values()]) for scores in (found, expected))
    for name, one, other in zip(weights, ours, theirs, strict=True):
        torch.testing.assert_close(one, other, msg=name)


def test_memorise_over_delicious() -> None:
    made = prepare(read_spec("zoo/desire-net.yaml", variants=["delicious", "memorise"]))
    assert made.source.example_protocol == "label_split"
    assert made.sizes["labels.base"] == (6, 129)  # cosines, and the constant
    assert made.spec.values["loss"]["task"]["positive_weight"] == 3  # type: ignore[index, call-overload]
