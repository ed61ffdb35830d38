"""``compose validate``."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

import compose


def _change(spec: Path, old: str, new: str, name: str = "changed.yaml") -> Path:
    text = spec.read_text()
    assert old in text
    path = Path(name)
    path.write_text(text.replace(old, new))
    return path


def test_says_what_was_checked(run: Any) -> None:
    result = run("validate", "small.yaml")
    assert result.exit_code == 0
    assert result.stderr == ""
    assert result.stdout.startswith("ok small.yaml: 7 nodes, ")
    assert "parameters" in result.stdout
    assert "a training step at batch 16, 2 variants, 1 sweep" in result.stdout


def test_fast(run: Any) -> None:
    assert run("validate", "--fast", "small.yaml").stdout == (
        "ok small.yaml: 7 nodes, 2 variants, 1 sweep; shapes and data not checked\n"
    )


def test_all_errors_of_all_files(run: Any, spec: Path) -> None:
    path = _change(_change(spec, "use: ranknet", "use: rank_net"), "groups: 2", "group: 2")
    result = run("validate", "--fast", path, "missing.yaml", "small.yaml")
    assert result.exit_code == 2
    assert result.stdout.startswith("ok small.yaml")
    assert "changed.yaml:7:49: error: the block `forward_pyramid` has no parameter `group`" in result.stderr
    assert "did you mean `ranknet`?" in result.stderr
    assert "2 errors" in result.stderr
    assert "there is no file missing.yaml" in result.stderr


def test_shapes_are_checked(run: Any, spec: Path) -> None:
    path = _change(spec, "use: group_attention, in: encoder", "use: linear, in: encoder, size: 13")
    assert run("validate", "--fast", path).exit_code == 0
    result = run("validate", path)
    assert result.exit_code == 2
    assert "expected an order of 2·13 = 26 channels, got 24" in result.stderr


def test_stages_are_checked(run: Any, spec: Path) -> None:
    path = _change(spec, "epochs: 1,", "epochs: 1, freeze: [bakbone],")
    result = run("validate", path)
    assert result.exit_code == 2
    assert "no node matches `bakbone`; did you mean `backbone`?" in result.stderr
    assert "changed.yaml:17:" in result.stderr


def test_variants_on_request(run: Any, spec: Path) -> None:
    path = _change(spec, "pyramid: {groups: 3}", "relation: {use: linear, size: 13}")
    assert run("validate", path).exit_code == 0
    result = run("validate", "--all-variants", path)
    assert result.exit_code == 2
    assert "in the variant `three`" in result.stderr


def test_overrides_and_variants(run: Any) -> None:
    assert run("validate", "--fast", "small.yaml", "-v", "three", "-s", "train.main.epochs=3").exit_code == 0
    result = run("validate", "--fast", "small.yaml", "-v", "tree")
    assert result.exit_code == 2
    assert "did you mean `three`?" in result.stderr


def test_every_member_of_a_sweep(run: Any, spec: Path) -> None:
    result = run("validate", "small.yaml", "--sweep", "groups")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == "ok small.yaml: 2 members of the sweep groups\n"
    fast = run("validate", "--fast", "small.yaml", "--sweep", "groups")
    assert fast.stdout == "ok small.yaml: 2 members of the sweep groups; shapes and data not checked\n"


def test_a_member_of_a_sweep_with_a_mistake(run: Any, spec: Path) -> None:
    path = _change(spec, "model.pyramid.groups: [1, 2]", "data.size: [32, 16, 8]")
    assert "in the sweep `groups` at `size=8`" in run("validate", "--fast", path).stderr
    result = run("validate", "--fast", path, "--sweep", "groups")
    assert result.exit_code == 2
    assert "`size` of the data source `glyph_scenes` is 8" in result.stderr
    assert "in the sweep `groups` at `size=8`" in result.stderr


@pytest.mark.parametrize(
    ("changed", "wrong", "message"),
    [
        ("model.pyramid.grups: [1, 2]", "grups", "the block `forward_pyramid` has no parameter `grups`"),
        ("'model.pyramid.grups': [1, 2]", "grups", "the block `forward_pyramid` has no parameter `grups`"),
        ("model.pyramd.groups: [1, 2]", "pyramd", "`model` has no `pyramd`"),
        ("model.pyramid.groups: [1, two]", "two", "`groups` of the block `forward_pyramid` is the text `two`"),
        ("variants: [three, [three, thre]]", "thre", "the spec has no variant `thre`"),
    ],
)
@pytest.mark.parametrize("words", [(), ("--fast",), ("--sweep", "groups"), ("--fast", "--sweep", "groups")])
def test_a_mistake_in_a_sweep_is_told_where_it_is_written(
    run: Any, spec: Path, words: tuple[str, ...], changed: str, wrong: str, message: str
) -> None:
    path = _change(spec, "model.pyramid.groups: [1, 2]", changed)
    line = Path(path).read_text().splitlines()[-1]
    column = line.rindex(wrong) + 1
    shown = run("validate", path, *words).stderr
    assert shown.count("error:") == 1
    assert shown.startswith(f"{path}:23:{column}: error: {message}")
    assert f"   23 | {line}\n      | {' ' * (column - 1)}{'^' * len(wrong)}\n" in shown
    asked = {"fast": "--fast" in words, "sweep": "groups" if "--sweep" in words else None}
    (error,) = compose.validate(path, **asked).errors  # type: ignore[arg-type]
    assert str(error.place) == f"{path}:23:{column}"


def test_a_member_of_a_sweep_whose_shapes_do_not_fit(run: Any, spec: Path) -> None:
    path = _change(spec, "model.pyramid.groups: [1, 2]", "model.encoder: [{reduction: 2}, {use: linear, size: 5}]")
    assert run("validate", "--fast", path, "--sweep", "groups").exit_code == 0
    result = run("validate", path, "--sweep", "groups")
    assert result.exit_code == 2
    assert "in the sweep `groups` at `encoder={use: linear, size: 5}`" in result.stderr


def test_an_unknown_sweep(run: Any) -> None:
    result = run("validate", "small.yaml", "--sweep", "group")
    assert result.exit_code == 2
    assert "did you mean `groups`?" in result.stderr


def test_notes(run: Any, spec: Path) -> None:
    path = _change(spec, "  scores:", "  further: {use: linear, in: relation, size: 3}\n  scores:")
    for words in (("--fast",), ()):
        result = run("validate", *words, path)
        assert result.exit_code == 0
        assert "note: `further` is read by nothing and left out" in result.stderr


def test_json(run: Any, spec: Path) -> None:
    path = _change(spec, "use: ranknet", "use: rank_net")
    result = run("validate", "--fast", "--format", "json", "small.yaml", path)
    assert result.exit_code == 2
    good, bad = json.loads(result.stdout)["files"]
    assert good == {
        "file": "small.yaml", "valid": True, "errors": [], "checked": "fast", "nodes": 7, "variants": 2, "sweeps": 1
    }  # fmt: skip
    (error,) = bad["errors"]
    assert (error["code"], error["line"], error["column"], error["nearest"]) == ("unknown-loss", 14, 15, "ranknet")


def test_nearest_file(run: Any, spec: Path) -> None:
    assert "did you mean `small.yaml`?" in run("validate", "smal.yaml").stderr
    assert "did you mean `zoo/starter.yaml`?" in run("train", "zoo/startr.yaml").stderr
    assert "expected: one file, such as small.yaml" in run("show", ".").stderr


def test_a_composite_by_itself(run: Any) -> None:
    result = run("validate", "zoo/composites/fpn.yaml")
    assert (result.exit_code, result.stderr) == (0, "")
    assert result.stdout == (
        "ok zoo/composites/fpn.yaml: the composite block fpn, 10 nodes, 1 input, 3 parameters; "
        "shapes are checked where a spec uses it\n"
    )
    (found,) = json.loads(run("validate", "zoo/composites/fpn.yaml", "--format", "json").stdout)["files"]
    assert (found["valid"], found["composite"], found["nodes"]) == (True, "fpn", 10)


def test_a_composite_of_ones_own(run: Any) -> None:
    body = "inputs: [x]\nmodel: {a: {use: linaer, in: x, size: 3}}\noutputs: a\n"
    Path("mine.yaml").write_text(body)
    result = run("validate", "mine.yaml")
    assert result.exit_code == 2
    assert "mine.yaml:2:18: error: there is no block `linaer`" in result.stderr
    Path("mine.yaml").write_text(
        body.replace("linaer", "linear").replace("model: {", "model: {b: {use: softmax, in: x}, ")
    )
    result = run("validate", "mine.yaml")
    assert "ok mine.yaml: the composite block mine, 2 nodes, 1 input, 0 parameters" in result.stdout
    assert "note: `b` of the block `mine` is read by nothing and left out" in result.stderr


@pytest.mark.parametrize("words", [("train", "zoo/composites/fpn.yaml"), ("validate", "fpn.yaml", "-s", "seed=1")])
def test_a_composite_is_no_spec(run: Any, words: tuple[str, ...]) -> None:
    Path("fpn.yaml").write_text("inputs: [x]\nmodel: {a: {use: softmax, in: x}}\noutputs: a\n")
    result = run(*words)
    assert result.exit_code == 2
    assert "is a composite block and no spec [is-composite]" in result.stderr
    assert "`compose validate` checks it by itself" in result.stderr
