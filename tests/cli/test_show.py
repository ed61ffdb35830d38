"""``compose show``, ``code`` and ``graph``."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from compose.spec.read import read_spec


def test_shows_a_spec_that_reads_back(run: Any, spec: Path) -> None:
    words = ("small.yaml", "-v", "three", "-s", "train.main.epochs=7")
    result = run("show", *words)
    assert result.exit_code == 0
    Path("copy.yaml").write_text(result.stdout)
    wanted = read_spec("small.yaml", variants=["three"], overrides=["train.main.epochs=7"])
    assert read_spec("copy.yaml").values == wanted.values
    assert "lr: 5e-5" in result.stdout
    for cell in ("# node ", "group_attention", "16 × 3 × 12", "# 7 nodes, "):
        assert cell in result.stdout


def test_shows_one_half(run: Any) -> None:
    spec, model = run("show", "--spec", "small.yaml").stdout, run("show", "--model", "small.yaml").stdout
    assert "\n#" not in spec
    assert model.startswith("node ")
    assert run("show", "--spec", "--model", "small.yaml").exit_code == 2


def test_shows_what_deviates_from_the_paper(run: Any) -> None:
    words = ("show", "small.yaml", "-s", "paper.deviates.size=pictures are small")
    shown = run(*words).stdout
    assert "  deviates: {size: pictures are small}\n" in shown
    assert "\n# deviates\n#   size: pictures are small\n#   `forward_pyramid`: the text pools" in shown
    assert "\ndeviates\n  size  " in run(*words, "--model").stdout
    assert "# deviates" not in run(*words, "--spec").stdout


def test_origin(run: Any, spec: Path) -> None:
    Path("top.yaml").write_text("extends: small.yaml\nlabels: {vectors: {dim: 24}}\n")
    result = run(
        "show", "--spec", "--origin", "--defaults", "top.yaml", "-v", "three", "-s", "train.main.epochs=7"
    ).stdout  # fmt: skip
    origins = {line.split("#")[0].strip(): line.split("# ")[1] for line in result.splitlines() if "# " in line}
    assert origins["name: small"] == "small.yaml:2"
    assert origins["dim: 24"] == "top.yaml:2"
    assert origins["groups: 3"] == "variant three (small.yaml:21)"
    assert origins["epochs: 7"] == "-s train.main.epochs=7"
    assert origins["shuffle: interleave"] == "default of channel_groups"
    assert origins["eps: 1e-8"] == "default of adam"


def test_defaults_change_nothing(run: Any) -> None:
    Path("full.yaml").write_text(run("show", "--spec", "--defaults", "small.yaml").stdout)
    first, second = (run("show", "--model", name).stdout for name in ("small.yaml", "full.yaml"))
    assert first == second != ""


def test_a_spec_is_shown_although_its_shapes_do_not_fit(run: Any) -> None:
    result = run("show", "small.yaml", "-s", "model.relation={use: linear, size: 13}")
    assert result.exit_code == 2
    assert "size: 13" in result.stdout
    assert "expected an order of 2·13 = 26 channels, got 24" in result.stderr


@pytest.mark.parametrize("inference", [False, True])
def test_code_is_the_model(run: Any, spec: Path, inference: bool) -> None:
    import torch

    from compose import load

    text = run("code", "small.yaml", *["--inference"] * inference).stdout
    ast.parse(text)
    module: dict[str, Any] = {}
    exec(compile(text, "model.py", "exec"), module)
    built = load("small.yaml").build()
    graph = built.inference if inference else built.training
    own = module["Small"]()
    own.load_state_dict({k: v for k, v in built.training.state_dict().items() if k in own.state_dict()})
    inputs = {"image": torch.randn(2, 3, 32, 32), "labels_vectors": torch.randn(5, 12)}
    if not inference:
        inputs["targets"] = torch.tensor([[1, -1, 0, 1, -1], [-1, -1, 1, 1, 1]], dtype=torch.int8)
    own.eval()
    graph.eval()
    ours, theirs = own(**inputs), graph(**inputs)
    assert ours.keys() == theirs.keys()
    assert all(torch.equal(ours[key], theirs[key]) for key in ours)


def test_graph_as_mermaid(run: Any) -> None:
    result = run("graph", "small.yaml")
    assert result.exit_code == 0
    assert result.stdout.startswith('---\ntitle: "small"\n---\nflowchart TD\n')
    assert "<b>relation</b><br/>group_attention<br/>semantics 16×2×12<br/>relations 16×2×2" in result.stdout
    assert '-->|"order"|' in result.stdout
    run("graph", "small.yaml", "-o", "small.mmd")
    assert Path("small.mmd").read_text() == result.stdout


def test_graph_as_svg(run: Any) -> None:
    result = run("graph", "small.yaml", "-o", "small.svg", "--no-shapes")
    assert result.exit_code == 0
    assert "wrote small.svg" in result.stderr
    texts = [node.text for node in ElementTree.parse("small.svg").iter("{http://www.w3.org/2000/svg}text")]
    assert {"image", "labels.vectors", "relation", "group_attention", "rank", "ranknet, weight 0.6"} <= set(texts)


def test_graph_refuses_other_files(run: Any) -> None:
    assert "ends in .svg or .mmd" in run("graph", "small.yaml", "-o", "small.png").stderr
    assert "there is no folder nowhere" in run("graph", "small.yaml", "-o", "nowhere/small.svg").stderr
