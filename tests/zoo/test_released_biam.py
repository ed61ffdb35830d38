"""`zoo/baselines/biam.yaml` with the weights of a stored run of the released code: every value of that run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn

import compose
from compose.blocks.losses.margin_ranking import MarginRanking

FOLDER = Path(os.environ.get("COMPOSE_FIXTURES", Path(__file__).parents[2].parent / "shared" / "fixtures"))
FOUND = sorted(FOLDER.glob("biam_*.npz"))
REGION, SCENE = "region_context_block", "scene_context_block"
LAYERS = {
    "maps.layers.0": "conv_3X3.body",
    "maps.layers.2": "conv_3X3.bn",
    "regions.wide.layer": f"{REGION}.sub_network.conv1",
    "regions.narrow.layer": f"{REGION}.sub_network.conv2",
    "regions.attended.layer.out_proj": f"{REGION}.w_o",
    "scene.key.layer": f"{SCENE}.w_g",
    "scene.projected.layers.0": f"{SCENE}.channel_conv.body",
    "scene.around.layers.0": f"{SCENE}.gcff.body",
    "scene.around.layers.2": f"{SCENE}.gcff.bn",
    "merged.layers.0": "conv_1X1.body",
    "classifiers.layer": "W",
}
"""Our layers, and those of the stored run; the queries, keys and values of attention are one layer of ours."""
BUFFERS = {"maps.layers.2": "conv_3X3.bn", "scene.around.layers.2": f"{SCENE}.gcff.bn"}
STORED = {"maps": "conv_3X3", "regions_back": REGION, "scene_sum": SCENE, "scores": "logits"}
"""Our nodes, and the stored values of the run."""

pytestmark = pytest.mark.skipif(not FOUND, reason=f"no stored runs in {FOLDER}")


class Stored:
    """A stored run: ``in.``, ``eval.`` and ``state.`` are what went in, what came out, and the weights."""

    def __init__(self, path: Path) -> None:
        self.arrays: Mapping[str, Any] = np.load(path, allow_pickle=False)
        self.channels, self.heads = (int(number) for number in self.arrays["meta.channel_dim_heads"])

    def __getitem__(self, name: str) -> Tensor:
        found = torch.from_numpy(self.arrays[name])
        return found.double() if found.is_floating_point() else found

    def projections(self, prefix: str, kind: str) -> Tensor:
        """What the three maps into queries, keys and values have, one after another."""
        parts = [self[f"{prefix}{REGION}.{name}.{kind}"] for name in ("w_q", "w_k", "w_v")]
        return torch.cat([part.flatten(1) if kind == "weight" else part for part in parts])

    def model(self, *, dropout: bool) -> fx.GraphModule:
        """The zoo's model with the stored weights, in double precision."""
        size = {"model.maps.channels": self.channels, "model.scene.channels": self.channels}
        wide = {"model.regions.hidden": 2 * self.channels, "model.regions.heads": self.heads}
        network = {"model.neck.channels": 512, "model.merged.channels": 512, "labels.vectors.dim": 300}
        picture = {"model.picture": {"use": "linear", "in": "backbone.pooled", "size": 4096}}
        off = {} if dropout else {"model.regions.dropout": 0.0, "model.scene.dropout": 0.0}
        overrides = {**size, **wide, **network, **picture, **off}
        model = compose.load("zoo/baselines/biam.yaml", overrides=overrides).build().training.double()
        for path, name in LAYERS.items():
            layer = model.get_submodule(path)
            layer.load_state_dict(
                {key: self._like(value, f"{name}.{key}") for key, value in layer.state_dict().items()}
            )
        attention = model.get_submodule("regions.attended.layer")
        attention.load_state_dict(
            {
                "in_proj_weight": self.projections("state.", "weight"),
                "in_proj_bias": self.projections("state.", "bias"),
                **{f"out_proj.{key}": value for key, value in attention.get_submodule("out_proj").state_dict().items()},
            }
        )
        return model

    def _like(self, value: Tensor, name: str) -> Tensor:
        return self[f"state.{name}"].reshape(value.shape)

    def run(self, model: fx.GraphModule) -> dict[str, Tensor]:
        """What our nodes give for the stored inputs."""
        nodes = {node.name: node for node in model.graph.nodes}
        features = self["in.features"].view(-1, 512, 14, 14)
        vectors = self["in.vecs"]
        given = {
            "image": torch.zeros(len(features), 3, 48, 48).double(),
            "targets": torch.ones(len(features), len(vectors), dtype=torch.int8),
            "labels_vectors": vectors,
            "neck": features,
            "picture": self["in.x_g"],
        }
        wanted = [nodes[name] for name in STORED]
        interpreter = fx.Interpreter(model, garbage_collect_values=False)
        interpreter.run(initial_env={nodes[name]: value for name, value in given.items() if name in nodes})
        return {STORED[node.name]: interpreter.env[node] for node in wanted}


@pytest.fixture(params=FOUND, ids=[path.stem for path in FOUND])
def stored(request: pytest.FixtureRequest) -> Stored:
    return Stored(request.param)


def gradients(model: nn.Module) -> dict[str, Tensor]:
    """The stored run's weight -> our gradient."""
    found = {
        f"{name}.{key}": parameter.grad
        for path, name in LAYERS.items()
        for key, parameter in model.get_submodule(path).named_parameters()
    }
    return {name: gradient for name, gradient in found.items() if gradient is not None}


def test_every_value_of_an_evaluated_run(stored: Stored) -> None:
    model = stored.model(dropout=True).eval()
    found = stored.run(model)
    for name, value in found.items():
        torch.testing.assert_close(value, stored[f"eval.{name}"], rtol=1e-5, atol=1e-5)
    loss = MarginRanking()(found["logits"], stored["labels"].to(torch.int8))
    torch.testing.assert_close(loss, stored["eval.loss"], rtol=1e-5, atol=0)
    loss.backward()
    told = {name.removeprefix("eval.grad.") for name in stored.arrays if name.startswith("eval.grad.")}
    mine = gradients(model)
    assert told - set(mine) == {f"{REGION}.w_{part}.{kind}" for part in "qkv" for kind in ("weight", "bias")}
    for name, gradient in mine.items():
        expected = stored[f"eval.grad.{name}"]
        torch.testing.assert_close(gradient, expected.reshape(gradient.shape), rtol=1e-3, atol=1e-6)
    attention = model.get_submodule("regions.attended.layer")
    for kind in ("weight", "bias"):
        gradient = attention.get_parameter(f"in_proj_{kind}").grad
        torch.testing.assert_close(gradient, stored.projections("eval.grad.", kind), rtol=1e-3, atol=1e-6)


def test_a_step_in_training_without_dropout(stored: Stored) -> None:
    model = stored.model(dropout=False).train()
    logits = stored.run(model)["logits"]
    torch.testing.assert_close(logits, stored["train_nodrop.logits"], rtol=1e-5, atol=1e-5)
    for path, name in BUFFERS.items():
        for key in ("running_mean", "running_var"):
            after = model.get_buffer(f"{path}.{key}")
            torch.testing.assert_close(after, stored[f"train_nodrop.buf_after.{name}.{key}"], rtol=1e-5, atol=1e-5)
