"""`zoo/lesa.yaml -v released` computes what the released code does, written out region by region and pair by pair."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import pytest
import torch
from torch import Tensor, fx, nn

import compose

IMAGES, CHANNELS, SIDE, MODULES, LABELS, DIM = 3, 6, 3, 4, 7, 5
WEIGHTS = {"rank": 1.0, "relevance": 1e-3, "diversity": 1e-2, "distribution": 1e-1}
PARAMETERS = {
    "convolution": "maps.layers.1.weight",
    "scale": "maps.layers.2.weight",
    "shift": "maps.layers.2.bias",
    "first": "attention.first.weight",
    "first_bias": "attention.first.bias",
    "second": "attention.second.weight",
    "second_bias": "attention.second.bias",
    "w3": "scores.classifiers.weight",
}
"""What the equations call our weights."""


def released() -> fx.GraphModule:
    overrides = {
        "model.neck.channels": CHANNELS,
        "model.maps.channels": CHANNELS,
        "model.attention.modules": MODULES,
        "labels.vectors.dim": DIM,
    }
    model = compose.load("zoo/lesa.yaml", variants=["released"], overrides=overrides).build().training.double()
    for parameter in model.parameters():
        nn.init.normal_(parameter)
    norm = model.get_submodule("maps.layers.2")
    nn.init.normal_(norm.get_buffer("running_mean"))
    nn.init.uniform_(norm.get_buffer("running_var"), 0.5, 2)
    return model


class Example:
    """Region features, label vectors, and targets of which some are unknown, one label's in every image."""

    def __init__(self) -> None:
        self.features = torch.randn(IMAGES, CHANNELS, SIDE, SIDE, dtype=torch.float64)
        self.vectors = torch.randn(LABELS, DIM, dtype=torch.float64)
        self.targets = torch.randint(-1, 2, (IMAGES, LABELS), dtype=torch.int8)
        self.targets[:, 0], self.targets[:, 1:3] = 0, torch.tensor([1, -1])

    def run(self, model: fx.GraphModule, wanted: list[str]) -> list[Tensor]:
        """What nodes give where the backbone's part gives the example's features."""
        nodes = {node.name: node for node in model.graph.nodes}
        given = {
            "image": torch.zeros(IMAGES, 3, 48, 48).double(),
            "targets": self.targets,
            "labels_vectors": self.vectors,
            "neck": self.features,
        }
        interpreter = fx.Interpreter(model, garbage_collect_values=False)
        interpreter.run(initial_env={nodes[name]: value for name, value in given.items()})
        return [interpreter.env[nodes[name]] for name in wanted]


def regions(w: Mapping[str, Tensor], features: Tensor, *, statistics: tuple[Tensor, ...] | None) -> Tensor:
    """``b r c``: a 2 × 2 convolution padded right and below, batch norm with 1e-3, ReLU."""
    padded = nn.functional.pad(features, (0, 1, 0, 1))
    places = [(y, x) for y in range(SIDE) for x in range(SIDE)]
    rows = [
        torch.stack([(w["convolution"] * image[:, y : y + 2, x : x + 2]).sum((1, 2, 3)) for y, x in places])
        for image in padded
    ]
    found = torch.stack(rows)
    if statistics is None:
        statistics = found.mean((0, 1)), found.var((0, 1), unbiased=False)
    mean, variance = statistics
    return ((found - mean) / (variance + 1e-3).sqrt() * w["scale"] + w["shift"]).relu()


def attended(w: Mapping[str, Tensor], found: Tensor) -> tuple[Tensor, Tensor]:
    """Energies, ``b m r``, and features, ``b m c``, an attention at a time."""
    energies, features = [], []
    for image in found:
        hidden = torch.tanh(image @ w["first"][:, :, 0, 0].T + w["first_bias"])
        for m in range(MODULES):
            energy = torch.stack([w["second"][m, :, 0, 0] @ h + w["second_bias"][m] for h in hidden])
            shares = energy.exp() / energy.exp().sum()
            energies.append(energy)
            features.append(sum(share * region for share, region in zip(shares, image, strict=True)))
    return torch.stack(energies).view(IMAGES, MODULES, -1), torch.stack(features).view(IMAGES, MODULES, -1)


def losses(w: Mapping[str, Tensor], example: Example, *, statistics: tuple[Tensor, ...] | None) -> Iterator[Tensor]:
    found = regions(w, example.features, statistics=statistics)
    energies, features = attended(w, found)
    classifiers = [w["w3"] @ vector for vector in example.vectors]
    modules = torch.stack([torch.stack([image @ classifier for classifier in classifiers], 1) for image in features])
    scores = modules.max(1).values  # b l
    yield scores
    ranked = [label for label in range(LABELS) if example.targets[:, label].abs().sum() > 0]
    yield sum(_rank(*image, ranked) for image in zip(scores, example.targets, strict=True)) / IMAGES
    mean = found.mean(1)
    total = scores.new_zeros(())
    for image in range(IMAGES):
        for label, classifier in enumerate(classifiers):
            lost = (mean[image] @ classifier - scores[image, label]) * int(example.targets[image, label])
            total = total + max(lost, lost.new_zeros(()))
    yield total
    unit = energies / energies.norm(dim=2, keepdim=True)
    pairs = [(m, n) for m in range(MODULES) for n in range(MODULES) if m != n]
    yield sum((image[m] @ image[n]) ** 2 for image in unit for m, n in pairs) ** 0.5
    squares = scores.new_zeros(())
    for image, known in zip(modules, example.targets, strict=True):
        present = [label for label in range(LABELS) if known[label] == 1]
        for m in range(MODULES):
            squares = squares + sum(image[:, label].softmax(0)[m] for label in present) ** 2
    yield squares / (IMAGES * MODULES)


def _rank(scores: Tensor, targets: Tensor, ranked: list[int]) -> Tensor:
    pairs = [(p, n) for p in ranked for n in ranked if targets[p] == 1 and targets[n] == -1]
    missed = [1 + scores[n] - scores[p] for p, n in pairs if 1 + scores[n] - scores[p] > 0]
    return sum(missed, scores.new_zeros(())) / max(len(missed), 1)


@pytest.mark.parametrize("training", [True, False])
def test_scores_losses_and_gradients(training: bool) -> None:
    torch.manual_seed(0)
    model, example = released().train(training), Example()
    norm = model.get_submodule("maps.layers.2")
    before = tuple(norm.get_buffer(name).clone() for name in ("running_mean", "running_var"))
    found = example.run(model, ["scores_scores", *(f"loss_{name}" for name in WEIGHTS)])
    w = {name: model.get_parameter(path).detach().requires_grad_() for name, path in PARAMETERS.items()}
    expected = list(losses(w, example, statistics=None if training else before))
    torch.testing.assert_close(found, expected, rtol=1e-9, atol=1e-10)
    for values in (found[1:], expected[1:]):
        sum(weight * value for weight, value in zip(WEIGHTS.values(), values, strict=True)).backward()  # type: ignore[union-attr]
    for name, path in PARAMETERS.items():
        torch.testing.assert_close(model.get_parameter(path).grad, w[name].grad, rtol=1e-7, atol=1e-9)


def test_the_weights_of_the_losses_and_what_the_norm_keeps() -> None:
    terms = compose.load("zoo/lesa.yaml", variants=["released"]).spec.plan.terms
    assert {term.name: term.weight for term in terms if term.name != "pretext"} == WEIGHTS
    model, example = released().train(), Example()
    norm = model.get_submodule("maps.layers.2")
    before = norm.get_buffer("running_mean").clone()
    example.run(model, ["maps"])
    padded = nn.functional.pad(example.features, (0, 1, 0, 1))
    seen = nn.functional.conv2d(padded, model.get_parameter(PARAMETERS["convolution"])).mean((0, 2, 3))
    torch.testing.assert_close(norm.get_buffer("running_mean"), 0.99 * before + 0.01 * seen)
