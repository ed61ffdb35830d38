"""`-v released` of RGCN-PosVAE with the weights of a stored run of the released code: every value of that run."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, fx, nn

import compose
from compose.blocks.losses.pairs import pairwise_softplus

FOLDER = Path(os.environ.get("COMPOSE_FIXTURES", Path(__file__).parents[2].parent / "shared" / "fixtures"))
FOUND = sorted(FOLDER.glob("rgcn_posvae_*_*layer.npz"))
FUSE = {"add": "add", "mul": "multiply", "cat": "misaligned"}

pytestmark = pytest.mark.skipif(not FOUND, reason=f"no stored runs in {FOLDER}")


class Stored:
    """A stored run: ``in.``, ``out.`` and ``state.`` are what went in, what came out, and the weights."""

    def __init__(self, path: Path) -> None:
        self.arrays: Mapping[str, Any] = np.load(path, allow_pickle=False)
        self.fuse = FUSE[path.stem.split("_")[2]]
        self.labels = int(self.arrays["meta.n_target_classes"])
        self.layers = sum(name.startswith("state.gcn.") and name.endswith(".weight") for name in self.arrays)

    def __getitem__(self, name: str) -> Tensor:
        return torch.from_numpy(self.arrays[name]).clone()

    def layer(self, *names: str, transposed: bool = False) -> tuple[Tensor, Tensor]:
        """The weight and bias of a linear layer, or of several on the same input as one."""
        weights = [self[f"state.{name}.weight"] for name in names]
        biases = [self[f"state.{name}.bias"].flatten() for name in names]
        weight = torch.cat(weights)
        return weight.T if transposed else weight, torch.cat(biases)

    @property
    def graph(self) -> Tensor:
        """The edges as they stand in ours: source and target, with loops, sorted by target."""
        nodes = len(self["in.embed"])
        target, source = self["in.edges"]
        matrix = torch.eye(nodes, dtype=torch.bool)
        matrix[target, source] = True
        return matrix.nonzero().T.flip(0)


@pytest.fixture(params=FOUND, ids=[path.stem for path in FOUND])
def stored(request: pytest.FixtureRequest) -> Stored:
    return Stored(request.param)


def run(stored: Stored) -> tuple[fx.GraphModule, dict[str, Any]]:
    """The model of the spec with the stored weights, and what each of its nodes gives."""
    dim, channels = stored["in.embed"].shape[1], stored["in.feature_map"].shape[1]
    sizes = [len(stored[f"state.gcn.{layer}.bias"].flatten()) for layer in range(stored.layers)]
    changes = [
        f"labels.vectors.dim={dim}",
        f"model.backbone.channels=[8, {channels}]",
        "model.pooled.how=mean",
        f"model.external_states.fuse={stored.fuse}",
        f"model.propagation={{layers: {stored.layers}, size: {sizes}, outputs: all}}",
    ]
    if "state.F_out.FCN.weight" in stored.arrays:
        changes.append("model.scores.hidden=null")
    model = compose.load("zoo/rgcn-posvae.yaml", variants=["released"], overrides=changes).build().training
    _take(model, stored)
    classes = len(stored["state.imgnet_clf.fc.bias"])
    places = torch.full((classes,), -1).scatter(0, stored["in.imgnet_idx"], torch.arange(len(stored["in.imgnet_idx"])))
    model.external_states.draw = lambda mean: stored["in.eps_uniform"].view(mean.shape)  # type: ignore[assignment, union-attr]
    given = {
        "backbone": SimpleNamespace(last=stored["in.feature_map"]),
        "targets": (stored["in.labels"] * 2 - 1).to(torch.int8),
        "external_targets": torch.zeros(len(stored["in.labels"]), classes, dtype=torch.int8),
        "labels_vectors": stored["in.embed"][: stored.labels],
        "external_vectors": stored["in.embed"][stored.labels :],
        "external_classes": places,
        "labels_graph": stored.graph,
    }
    return model, _run(model, given)


def _take(model: fx.GraphModule, stored: Stored) -> None:
    """Put the stored weights in the place of the model's, whatever their sizes."""
    output = "F_out.FCN" if "state.F_out.FCN.weight" in stored.arrays else "F_out.FCN.0"
    found = {
        "classifier": stored.layer("imgnet_clf.fc"),
        "states.hidden": stored.layer("F_in.FCN.0"),
        "states.state": stored.layer("F_in.FCN.3"),
        "propagation.relation.hidden": stored.layer("F_rel.FCN.0"),
        "propagation.relation.score": stored.layer("F_rel.FCN.3"),
        "external_states.probability": (stored["state.pos_VAE.W"].unsqueeze(1), stored["state.pos_VAE.b"]),
        "external_states.encoder": stored.layer("pos_VAE.encoder.0"),
        "external_states.distribution": stored.layer("pos_VAE.mu_net.0", "pos_VAE.sig_net.0"),
        "external_states.reconstruction": stored.layer("pos_VAE.decoder.2"),
        "scores.layers.0": stored.layer(output),
    }
    if output.endswith("0"):
        found["scores.layers.2"] = stored.layer("F_out.FCN.3")
    for layer in range(stored.layers):
        found[f"propagation.layers.{layer}"] = stored.layer(f"gcn.{layer}", transposed=True)
    dim = stored["in.embed"].shape[1]
    weight, bias = stored.layer("pos_VAE.decoder.0")  # there the vector comes before the state
    found["external_states.decoder"] = torch.cat([weight[:, dim:], weight[:, :dim]], dim=1), bias
    for path, (weight, bias) in found.items():
        module = _linear(model, path)
        module.weight, module.bias = nn.Parameter(weight), nn.Parameter(bias)
    model.external_states.decoder.first = len(stored["state.pos_VAE.mu_net.0.bias"])  # type: ignore[union-attr]
    model.states.hidden.first = stored["in.feature_map"].shape[1]  # type: ignore[union-attr]


def _linear(model: nn.Module, path: str) -> nn.Module:
    """The linear layer at a path; a block that holds nothing else stands for it."""
    module = model.get_submodule(path)
    return module if "weight" in dict(module.named_parameters(recurse=False)) else next(module.children())


def _run(model: fx.GraphModule, given: Mapping[str, Any]) -> dict[str, Any]:
    nodes = {node.name: node for node in model.graph.nodes}
    interpreter = fx.Interpreter(model.eval(), garbage_collect_values=False)
    interpreter.run(initial_env={nodes["image"]: None, **{nodes[name]: value for name, value in given.items()}})
    return {node.name: value for node, value in interpreter.env.items()}


def close(found: Tensor, stored: Tensor, *, tolerance: float = 1e-5) -> None:
    torch.testing.assert_close(found, stored.to(found.dtype), rtol=1e-5, atol=tolerance)


def test_the_scores(stored: Stored) -> None:
    model, found = run(stored)
    close(found["posterior"], stored["out.imgnet_scores"])
    close(found["scores"], stored["out.logits"][:, : stored.labels])
    close(model.scores(found["propagation"].external), stored["out.logits"][:, stored.labels :])  # type: ignore[operator]


def test_the_losses(stored: Stored) -> None:
    _, found = run(stored)
    close(found["loss_labels"], stored["out.loss_bce"], tolerance=0)
    close(found["external_states_loss"], stored["out.loss_vae"], tolerance=0)
    targets = stored["in.labels"]
    ranked = pairwise_softplus(found["scores"], (targets * 2 - 1).to(torch.int8))
    pairs = targets.sum(1) * (1 - targets).sum(1)
    triplets = ranked * pairs  # averaged there over all pairs of labels, here over those of a positive and a negative
    close(triplets.mean() / stored.labels**2, stored["out.loss_triplet_all_negatives"], tolerance=0)


def test_the_auto_encoder(stored: Stored) -> None:
    model, found = run(stored)
    vae: Any = model.external_states
    vectors = stored["in.embed"][stored.labels :]
    mean, log_variance = vae._encode(found["posterior"], vectors)
    target, told = vae._target(found["posterior"]), vae._decode(found["external_states_nodes"], vectors)
    close(mean.flatten(0, 1), stored["out.vae_mu"])
    close(log_variance.flatten(0, 1), stored["out.vae_log_sigma"])
    close(target.flatten(0, 1), stored["out.vae_X"])
    close(told.flatten(0, 1), stored["out.vae_Xp"])
    close((target - told).square().sum(-1).mean() / 2, stored["out.loss_recon"], tolerance=0)
    divergence = (mean.square() + log_variance.exp() - 1 - log_variance).sum(-1).mean() / 2
    close(divergence, stored["out.loss_kl"], tolerance=0)
