"""The forms in which the functions of the API take a spec."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import compose
from compose.api.reading import override_texts
from compose.errors import SpecErrors, UsageError
from compose.registry.registry import registry
from compose.spec.yaml.writer import dump

from .conftest import BLOCK, TINY


def error_of(call: Callable[[], object]) -> str:
    with pytest.raises(SpecErrors) as raised:
        call()
    (error,) = raised.value.errors
    return str(error)


@pytest.mark.parametrize("given", [3, [1], b"x.yaml"])
def test_what_is_no_spec_and_no_run(here: Path, given: Any) -> None:
    for ask in (compose.load, compose.validate, compose.train):
        with pytest.raises(UsageError, match=r"expected a spec: a path, the name of a packaged one, a text or a dict"):
            ask(given)
    for ask_run in (compose.Run, compose.evaluate):
        with pytest.raises(UsageError, match="expected a run: its folder, one of its weights files, or a spec; got"):
            ask_run(given)
    for name in ("variants", "overrides", "blocks"):
        with pytest.raises(UsageError, match="expected a text or path, or several of them, got 3"):
            compose.load(TINY, **{name: 3})


def test_a_path_a_name_a_text_and_a_dict_are_the_same_spec(here: Path) -> None:
    Path("tiny.yaml").write_text(dump(TINY))
    forms: list[Any] = ["tiny.yaml", here / "tiny.yaml", dump(TINY), TINY]
    values = [compose.load(form).spec.values for form in forms]
    assert values[0]["name"] == "tiny"
    assert all(found == values[0] for found in values)
    assert compose.load("zoo/starter.yaml").spec.resolved.name == "starter"
    assert compose.load("extends: zoo/starter.yaml").spec.resolved.name == "starter"
    assert compose.load({**TINY, "name": None, "extends": "zoo/starter.yaml"}).spec.resolved.name == "dict"


def test_a_mistake_in_a_text_has_its_line(here: Path) -> None:
    text = "extends: zoo/starter.yaml\nmodel:\n  backbone: {arc: conv64}\n"
    told = error_of(lambda: compose.load(text))
    assert told.splitlines()[0].startswith("<text>:3:14: error: the block `backbone` has no parameter `arc`")
    assert told.splitlines()[1].endswith("backbone: {arc: conv64}")
    assert "did you mean `arch`?" in told


def test_a_mistake_in_a_dict_has_its_line(here: Path) -> None:
    told = error_of(lambda: compose.load({**TINY, "model": {"backbone": {"arc": "conv64"}}}))
    assert told.startswith("<dict>:")
    assert "backbone: {arc: conv64}" in told
    assert "did you mean `arch`?" in told


def test_a_dict_of_what_no_spec_can_hold(here: Path) -> None:
    told = error_of(lambda: compose.load({**TINY, "seed": {3}}))
    assert "<dict>:" in told
    assert "a spec cannot hold a set" in told
    assert "seed: " in told


def test_numbers_and_paths_of_a_dict_are_plain(here: Path) -> None:
    import numpy as np

    values = compose.load({**TINY, "seed": np.int64(3), "description": Path("a/b")}).spec.values
    assert (values["seed"], values["description"]) == (3, "a/b")


def test_a_file_that_does_not_exist(here: Path) -> None:
    assert "there is no file zoo/startr.yaml" in error_of(lambda: compose.load("zoo/startr.yaml"))


def test_overrides_are_a_dict_or_texts(here: Path) -> None:
    for overrides in (
        {"seed": 3, "data": {"use": "glyph_scenes", "size": 48}},
        ["seed=3", "data={use: glyph_scenes, size: 48}"],
    ):
        made = compose.load(TINY, overrides=overrides)
        assert (made.seed, made.source.shapes["image"]) == (3, (3, 48, 48))
    assert compose.load(TINY, overrides="seed=4").seed == 4
    assert compose.load(TINY, variants="bce").spec.resolved.chosen == ("bce",)
    with pytest.raises(UsageError, match="expected KEY=VALUE"):
        compose.load(TINY, overrides=["seed"])


def test_numbers_paths_and_arrays_of_overrides_are_plain(here: Path) -> None:
    import numpy as np

    sizes: dict[str, object] = {"data.train": np.int64(64), "data.size": np.int32(32)}
    more = {
        "train.main.augment": np.bool_(False),
        "train.main.lr": np.float32(0.5),
        "model.backbone.channels": np.array([8, 8, 8, 8]),
    }
    values = compose.load(TINY, overrides={**sizes, "description": Path("a/b")}).spec.values
    assert (values["data"]["train"], values["data"]["size"], values["description"]) == (64, 32, "a/b")
    assert override_texts({**sizes, **more}) == [
        "data.train=64", "data.size=32", "train.main.augment=false",
        "train.main.lr=0.5", "model.backbone.channels=[8, 8, 8, 8]",
    ]  # fmt: skip


@pytest.mark.parametrize(("value", "kind"), [({3}, "set"), (1j, "complex"), ([object()], "object")])
def test_overrides_of_what_no_spec_can_hold(here: Path, value: object, kind: str) -> None:
    with pytest.raises(UsageError, match=rf"overrides: a spec cannot hold a {kind}, the value of `data\.train.*`; exp"):
        compose.load(TINY, overrides={"data.train": value})


def test_blocks_of_the_users_own(own_block: Path) -> None:
    spec = {
        **TINY,
        "model": {"scaled": {"use": "own_scale", "in": "vectors"}, "scores": {"in": ["scaled", "labels.vectors"]}},
    }
    with pytest.raises(SpecErrors, match="own_scale"):
        compose.load(spec)
    first = compose.load(spec, blocks=own_block)
    own_block.write_text(BLOCK.replace("2.0", "5.0"))
    second = compose.load(spec, blocks=[str(own_block)])
    assert [made.build().training.scaled.factor.item() for made in (first, second)] == [2.0, 5.0]
    with pytest.raises(SpecErrors, match="own_scale"):
        compose.load(spec)  # those of another call are no part of this one
    with pytest.raises(UsageError, match="there is no such file"):
        compose.load(spec, blocks=["none.py"])


def test_a_metric_of_the_users_own(here: Path) -> None:
    Path("own_metric.py").write_text(METRIC)
    try:
        made = compose.load({**TINY, "evaluate": {"metrics": ["map", "own_share"]}}, blocks="own_metric.py")
    finally:
        registry.cache_clear()
    assert [metric.key for metric in made.evaluation.metrics] == ["map", "own_share"]


METRIC = '''
from compose.block import metric
from compose.evaluation.metrics.precision_at_k import PrecisionAtK


@metric
class OwnShare(PrecisionAtK):
    """The share of images whose first label is right."""

    def __init__(self) -> None:
        super().__init__(k=1)

    @property
    def key(self) -> str:
        """The metric's name."""
        return "own_share"
'''


def test_importing_compose_is_light() -> None:
    program = """
import sys
import compose
heavy = {"torch", "numpy", "rich", "yaml", "pydantic", "typer"} & set(sys.modules)
assert not heavy, heavy
assert compose.validate("zoo/starter.yaml", fast=True)
assert "torch" not in sys.modules
assert set(compose.__all__) <= set(dir(compose)), dir(compose)
assert not hasattr(compose, "Predictions")
assert "torch" not in sys.modules
import compose.prediction.predictor, compose.evaluation, compose.training
assert all(callable(getattr(compose, name)) for name in compose.__all__)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
