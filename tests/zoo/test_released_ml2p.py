"""`zoo/ml2p.yaml -v released` with the weights of a stored run of the released code: every value of that run."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn

import compose
from compose.blocks.attention.group_mixer import GroupLinear
from compose.blocks.losses.sdl import SemanticDiversity
from compose.blocks.scoring.max_similarity import MaxSimilarity
from compose.blocks.vision.channel_groups import ChannelUnshuffle

FOLDER = Path(os.environ.get("COMPOSE_FIXTURES", Path(__file__).parents[2].parent / "shared" / "fixtures"))
HEAD, LOSSES = FOLDER / "ml2p_small.npz", FOLDER / "sdl_loss.npz"
ATTENTION, MIXER = "Channel_MLP.channel_attn", "Channel_MLP.channel_mlp"
LAYERS = {
    **{f"pyramid.levels.{level}.0": f"ft_module.{level}.conv" for level in range(3)},
    **{f"pyramid.levels.{level}.1": f"ft_module.{level}.bn" for level in range(3)},
    "pyramid.merge": "conv_embedding",
    "encoder.attention.qkv": f"{ATTENTION}.qkv",
    "encoder.attention.depthwise": f"{ATTENTION}.qkv_dwconv",
    "encoder.mixer.norm_places": f"{MIXER}.layer_norm_1",
    "encoder.mixer.mix_places.0": f"{MIXER}.mlp_token.dense_1",
    "encoder.mixer.mix_places.2": f"{MIXER}.mlp_token.dense_2",
    "encoder.mixer.norm_channels": f"{MIXER}.layer_norm_2",
    "encoder.mixer.mix_channels.0": f"{MIXER}.mlp_channel.dense_1",
    "encoder.mixer.mix_channels.2": f"{MIXER}.mlp_channel.dense_2",
    "relation.query.0": "Group_Attention.Linear1.dense_1",
    "relation.query.2": "Group_Attention.Linear1.dense_2",
    "relation.key.0": "Group_Attention.Linear2.dense_1",
    "relation.key.2": "Group_Attention.Linear2.dense_2",
}
"""Our layers, and those of the stored run."""
STORED = {
    "embed": "pyramid",
    "shuffled": "groups_groups",
    "group_vectors": "encoder_semantics",
    "S": "relation_semantics",
}
"""What the stored run gives, and our nodes."""


class StoredHead:
    """A stored run: ``in.``, ``eval.`` and ``state.`` are what went in, what came out, and the weights."""

    def __init__(self) -> None:
        self.arrays: Mapping[str, Any] = np.load(HEAD, allow_pickle=False)
        (self.dim, self.groups), self.channels, self.widths = (
            self.arrays[f"meta.{name}"].tolist() for name in ("D_g", "chans", "outs")
        )

    def __getitem__(self, name: str) -> Tensor:
        found = torch.from_numpy(self.arrays[name])
        return found.double() if found.is_floating_point() else found

    def model(self) -> fx.GraphModule:
        """The zoo's model with the stored weights, in double precision, on maps of 28, 14 and 7 places a side."""
        backbone = {"channels": [*self.channels, 4], "taps": ["block1", "block2", "block3"]}
        sizes = {
            "data.size": 56,
            "labels.vectors.dim": self.dim,
            "model.backbone": backbone,
            "model.pyramid.groups": self.groups,
            "model.pyramid.level_channels": self.widths,
        }
        model = compose.load("zoo/ml2p.yaml", variants=["released"], overrides=sizes).build().training.double()
        with torch.no_grad():
            for ours, name, value in self.weights(model):
                value.copy_(self.like(model, ours, f"state.{name}"))
        return model

    def weights(self, model: nn.Module) -> Iterator[tuple[str, str, Tensor]]:
        """Our name, the stored run's and the value of every weight and buffer."""
        for path, name in LAYERS.items():
            for key, value in model.get_submodule(path).state_dict(keep_vars=True).items():
                yield f"{path}.{key}", f"{name}.{key}", value
        temperature = "attention.temperature"
        yield f"encoder.{temperature}", f"{ATTENTION}.temperature", model.get_parameter(f"encoder.{temperature}")

    def like(self, model: nn.Module, ours: str, stored: str) -> Tensor:
        """A stored weight or gradient in the layout of ours."""
        path, _, key = ours.rpartition(".")
        layer = model.get_submodule(path)
        turned = isinstance(layer, GroupLinear) and key == "weight"
        return (self[stored].T if turned else self[stored]).reshape(getattr(layer, key).shape)

    def run(self, model: fx.GraphModule, sources: list[Tensor]) -> dict[str, Tensor]:
        """What the stored run has a name for, as our model computes it."""
        nodes = {node.name: node for node in model.graph.nodes}
        inside: dict[str, Tensor] = {}
        model.get_submodule("pyramid.merge").register_forward_pre_hook(
            lambda _, inputs: inside.update(concat=inputs[0])
        )
        model.get_submodule("encoder.attention").register_forward_hook(
            lambda _, __, output: inside.update(channel_attn=output.flatten(3))
        )
        given = {
            "image": torch.zeros(len(sources[0]), 3, 56, 56).double(),
            "targets": torch.ones(len(sources[0]), len(self["word_vectors"]), dtype=torch.int8),
            "labels_vectors": self["word_vectors"],
            "backbone_maps": sources,
            "backbone_last": sources[-1],
        }
        interpreter = fx.Interpreter(model, garbage_collect_values=False)
        interpreter.run(initial_env={nodes[name]: value for name, value in given.items()})
        outside = {name: interpreter.env[nodes[node]] for name, node in STORED.items()}
        return {**inside, **outside, "shuffled": outside["shuffled"].flatten(1, 2)}


def close(found: Tensor, expected: Tensor, *, rtol: float = 1e-5) -> None:
    """Equal up to what single precision leaves of the largest entry."""
    atol = 1e-6 * max(1.0, float(expected.abs().max()))
    torch.testing.assert_close(found, expected, rtol=rtol, atol=atol if rtol < 1e-4 else 10 * atol)


@pytest.fixture
def head() -> StoredHead:
    if not HEAD.is_file():
        pytest.skip(f"there is no {HEAD}")
    return StoredHead()


def test_every_value_and_gradient_of_an_evaluated_run(head: StoredHead) -> None:
    model = head.model().eval()
    sources = [head[f"in.source{level}"].requires_grad_() for level in range(len(head.channels))]
    found = head.run(model, sources)
    for name in ("concat", "channel_attn", *STORED):
        close(found[name], head[f"eval.{name}"])
    (found["S"] * head["grad_seed"]).sum().backward()
    ours = {f"eval.grad_source{level}": source.grad for level, source in enumerate(sources)}
    expected = {name: head[name] for name in ours}
    for path, name, value in head.weights(model):
        if value.requires_grad:
            ours[f"eval.grad.{name}"] = value.grad
            expected[f"eval.grad.{name}"] = head.like(model, path, f"eval.grad.{name}")
    assert set(ours) == {name for name in head.arrays if name.startswith("eval.grad")}
    for name, gradient in ours.items():
        assert gradient is not None
        close(gradient, expected[name], rtol=1e-3)


@pytest.mark.parametrize("vectors", ["raw", "unit"])
def test_scores_with_and_without_the_shuffle_undone(head: StoredHead, vectors: str) -> None:
    words = head["word_vectors" if vectors == "raw" else "word_vectors_unit"]
    semantics = head["eval.S"]
    order = head.model().get_submodule("groups").get_buffer("order")
    as_released = MaxSimilarity()(ChannelUnshuffle(head.groups, head.dim, len(order))(semantics, order), words)
    close(as_released.scores, head[f"eval.logits_released.{vectors}"])
    close(MaxSimilarity()(semantics, words).scores, head[f"eval.logits_paper.{vectors}"])


def test_a_step_in_training(head: StoredHead) -> None:
    model = head.model().train()
    found = head.run(model, [head[f"in.source{level}"] for level in range(len(head.channels))])
    for name in ("S", "group_vectors"):
        close(found[name], head[f"train.{name}"])
    buffers = [entry for entry in head.weights(model) if "running" in entry[0]]
    assert len(buffers) == 2 * len(head.channels)
    for _, name, value in buffers:
        close(value, head[f"train.buf_after.{name}"])


def stored_losses() -> list[str]:
    """The names of the stored losses; one that is skipped where there are none."""
    if not LOSSES.is_file():
        return ["sdl"]
    return sorted({name.split(".")[0] for name in np.load(LOSSES, allow_pickle=False)})


@pytest.mark.skipif(not LOSSES.is_file(), reason=f"there is no {LOSSES}")
@pytest.mark.parametrize("name", stored_losses())
def test_the_loss_of_its_ancestor(name: str) -> None:
    arrays = np.load(LOSSES, allow_pickle=False)
    stored = {key: torch.from_numpy(arrays[f"{name}.{key}"]) for key in ("x", "labels", "wordvecs", "loss", "grad")}
    images, dim, rows = arrays[f"{name}.x_shape_note"].tolist()
    flat = stored["x"].double().requires_grad_()
    semantics = flat.view(images, dim, rows).mT  # the rows of S are its columns there
    words, targets = stored["wordvecs"].double(), stored["labels"].to(torch.int8)
    weight = float(arrays[f"{name}.weight"])
    loss = SemanticDiversity(regulariser=None if weight < 0 else weight)
    value = loss(MaxSimilarity()(semantics, words).scores, semantics, targets, words)
    close(value, stored["loss"].double())
    value.backward()
    assert flat.grad is not None
    close(flat.grad, stored["grad"].double(), rtol=1e-3)
