"""``compose describe``: what it prints, and that its examples are valid wherever they may stand."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from compose.cli.arguments.complete import block_names
from compose.cli.list import summaries
from compose.registry.declaration import Declaration
from compose.registry.registry import registry
from compose.spec.read import read_spec
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import plain
from compose.spec.yaml.writer import dump

DECLARATIONS = registry().all()
ALL = pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda d: f"{d.kind}-{d.name}")

AROUND = """
name: around
data: {use: alphabets}
labels: {vectors: {use: wordnet}, graph: {use: wup}, external: {use: imagenet_classes}}
model:
  shown: {use: linear, in: image, size: 8}
  scores: {use: linear, in: shown, size: 8}
loss:
  main: {use: cross_entropy, in: scores}
train: {main: {stage: episodic}, last: {stage: maml}}
evaluate: {tasks: [episodes]}
"""


@ALL
def test_describes(declaration: Declaration, run: Any) -> None:
    result = run("describe", f"{declaration.kind}.{declaration.name}")
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{declaration.name} ({declaration.kind})\n")
    for named in (*declaration.parameters, *declaration.sizes, *declaration.inputs, *declaration.outputs):
        assert f"  {named.name} " in result.stdout
    for told in (declaration.reference, declaration.deviates):
        assert told.replace("``", "`") in result.stdout


@ALL
def test_an_example_is_valid_in_a_small_spec(
    declaration: Declaration, run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = printed(run("describe", f"{declaration.kind}.{declaration.name}").stdout)
    assert declaration.name in shown
    Path("small.yaml").write_text(dump(spec_around(plain(load_text(shown, "example")), declaration)))
    assert read_spec("small.yaml").plan.scores.step == "scores"


def test_an_example_passes_validate(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    declaration = registry().find("block", "task_attention")
    assert declaration is not None
    shown = plain(load_text(printed(run("describe", "task_attention").stdout), "example"))
    assert shown["model"]["task_attention"]["in"] == ["query_features", "support_features"]
    Path("small.yaml").write_text(dump(spec_around(shown, declaration)))
    assert run("validate", "--fast", "small.yaml").exit_code == 0


def test_what_departs_from_its_paper_says_so(run: Any) -> None:
    assert (
        "\ndeviates\n  the text takes the sum; unknown targets are left out here.\n"
        in run("describe", "target_mse").stdout
    )
    assert "\ndeviates\n" not in run("describe", "linear").stdout


def test_what_a_spec_and_each_variant_deviate_in(run: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("own.yaml").write_text(
        "extends: zoo/starter.yaml\npaper: {deviates: {size: small}}\n"
        "variants: {full: {paper: {deviates: {size: null, crop: none}}}, plain: {seed: 1}}\n"
    )
    told = run("describe", "own.yaml").stdout
    assert "\ndeviates\n  size " in told
    assert "\ndeviates (-v full)\n  size  no longer: as the text has it\n  crop  none\n" in told
    assert "-v plain" not in told
    (data,) = json.loads(run("describe", "own.yaml", "--json").stdout)
    assert data["deviates"]["full"] == {"size": None, "crop": "none"}


def test_unknown_name(run: Any) -> None:
    result = run("describe", "group_atention")
    assert result.exit_code == 2
    assert "did you mean `group_attention`?" in result.stderr


@pytest.mark.parametrize("name", [*summaries("inputs"), *summaries("zoo")])
def test_whatever_is_listed_is_described(run: Any, name: str) -> None:
    result = run("describe", name)
    assert result.exit_code == 0
    assert result.stdout.startswith(f"{name} (")
    (data,) = json.loads(run("describe", name, "--json").stdout)
    assert data["name"] == name


def test_an_input_and_a_spec(run: Any) -> None:
    assert "b c h w, float32" in run("describe", "image").stdout
    assert "sweeps: " in run("describe", "zoo/ml2p.yaml").stdout
    assert "did you mean `labels.vectors`?" in run("describe", "labels.vector").stderr


def test_describe_json(run: Any) -> None:
    (found,) = json.loads(run("describe", "group_attention", "--json").stdout)
    assert Declaration.from_json(found) == registry().find("block", "group_attention")


def printed(text: str) -> str:
    """The example at the end of what is printed, without its margin."""
    return re.sub(r"(?m)^  ", "", text.partition("\nexample\n")[2])


def spec_around(shown: dict[str, Any], declaration: Declaration) -> dict[str, Any]:
    """A spec with the example in it, a node for each that it reads, and a loss that reads what it adds."""
    spec: dict[str, Any] = plain(load_text(AROUND, "around"))
    for key, value in shown.items():
        both = key in spec and isinstance(value, dict) and key != "data"
        spec[key] = {**spec[key], **value} if both else value
    (used,) = [*shown.get("model", {}).values(), *shown.get("loss", {}).values()] or [{}]
    for name in sources(used.get("in", [])) - {"scores", "image"}:
        spec["model"][name] = {"use": "linear", "in": "shown", "size": 8}
    if "features" in declaration.gives:
        spec["model"]["shown"]["in"] = "features"
    if declaration.kind == "block":
        spec["loss"]["probe"] = {"use": "variance", "in": declaration.name}
    return spec


def sources(wired: Any) -> set[str]:
    if isinstance(wired, str):
        return {wired}
    return {name for inner in (wired.values() if isinstance(wired, dict) else wired) for name in sources(inner)}


def test_a_composite(run: Any) -> None:
    told = run("describe", "fpn").stdout
    assert told.startswith("fpn (composite)\nTell finer maps what coarser ones show")
    assert re.search(r"\n  maps +list of 3: b \?c \?h \?w +three maps from fine to coarse", told)
    assert re.search(r"\n  channels +an integer > 0 +256 +channels of each result", told)
    assert "\n  zoo/composites/fpn.yaml\n" in told
    assert [d["kind"] for d in json.loads(run("describe", "cbam", "--json").stdout)] == ["composite"]
    assert "did you mean `squeeze_excitation`?" in run("describe", "squeeze_exitation").stderr


def test_the_shell_completes_composites() -> None:
    assert block_names("fpn") == ["fpn", "fpn4", "fpn_step"]
