"""A scoring graph in its two parts says what the whole says."""

from __future__ import annotations

import torch
from torch import Tensor, fx, nn

from compose.model.per_image import only, split_per_image
from compose.training.inference import inputs_of, outputs_of

TARGETS = "support_targets"


class Whole(nn.Module):
    """Features of each image, then what an episode makes of them."""

    def __init__(self) -> None:
        super().__init__()
        self.first, self.second, self.after = nn.Linear(3, 4), nn.Linear(3, 2), nn.Linear(4, 2)

    def forward(self, image: Tensor, support_targets: Tensor) -> dict[str, Tensor]:
        features, others = self.first(image).relu(), self.second(image)
        return {"scores": self.after(features * support_targets.sum()) + others}


def test_the_parts_say_what_the_whole_says() -> None:
    graph = fx.symbolic_trace(Whole())
    parts = split_per_image(graph)
    assert parts is not None
    image, targets = torch.randn(5, 3), torch.randn(5, 2)
    features = parts.features(image=image)
    assert [tuple(value.shape) for value in features.values()] == [(5, 4), (5, 2)]
    found = parts.rest(**features, support_targets=targets)
    torch.testing.assert_close(found["scores"], graph(image=image, support_targets=targets)["scores"])
    assert parts.features.first.weight is graph.first.weight
    names = {str(node.target) for node in parts.rest.graph.nodes if node.op == "call_module"}
    assert names == {"after"}


def test_an_image_may_be_needed_again() -> None:
    class Again(nn.Module):
        def forward(self, image: Tensor, support_targets: Tensor) -> dict[str, Tensor]:
            return {"scores": image.exp() * support_targets + image * support_targets}

    graph = fx.symbolic_trace(Again())
    parts = split_per_image(graph)
    assert parts is not None
    image, targets = torch.randn(2, 3), torch.randn(2, 3)
    features = parts.features(image=image)
    assert set(features) == {"image", "exp"}
    found = parts.rest(**features, support_targets=targets)["scores"]
    torch.testing.assert_close(found, graph(image, targets)["scores"])


def test_nothing_of_the_images_alone() -> None:
    class Joined(nn.Module):
        def forward(self, image: Tensor, support_targets: Tensor) -> dict[str, Tensor]:
            return {"scores": image * support_targets}

    assert split_per_image(fx.symbolic_trace(Joined())) is None


def test_the_names_are_those_between_the_parts() -> None:
    parts = split_per_image(fx.symbolic_trace(Whole()))
    assert parts is not None
    assert outputs_of(parts.features) == {"relu", "second"}
    assert inputs_of(parts.rest) == {*outputs_of(parts.features), TARGETS}


def test_what_varies_is_no_part_of_the_features() -> None:
    graph = fx.symbolic_trace(Whole())
    parts = split_per_image(graph, varying=["second"])
    assert parts is not None
    image, targets = torch.randn(5, 3), torch.randn(5, 2)
    features = parts.features(image=image)
    assert set(features) == {"relu", "image"}
    found = parts.rest(**features, support_targets=targets)["scores"]
    torch.testing.assert_close(found, graph(image, targets)["scores"])
    assert split_per_image(graph, varying=["first", "second"]) is None


class Fixed(nn.Module):
    """Features by what is the same in all uses, and what depends on that alone."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(3, 4)

    def forward(self, image: Tensor, labels_base: Tensor, support_targets: Tensor) -> dict[str, Tensor]:
        features = nn.functional.linear(self.first(image), labels_base)
        return {"scores": features * support_targets + labels_base.sum()}


def test_fixed_inputs_may_be_read_by_the_features() -> None:
    graph = fx.symbolic_trace(Fixed())
    parts = split_per_image(graph, fixed=["labels_base"])
    assert parts is not None
    image, base, targets = torch.randn(5, 3), torch.randn(2, 4), torch.randn(5, 2)
    features = parts.features(image=image, labels_base=base)
    assert outputs_of(parts.features) == {"linear"}
    found = parts.rest(**features, labels_base=base, support_targets=targets)["scores"]
    torch.testing.assert_close(found, graph(image, base, targets)["scores"])
    unfixed = split_per_image(graph)
    assert unfixed is not None
    assert outputs_of(unfixed.features) == {"first"}


def test_only_some_outputs_with_the_inputs_for_them() -> None:
    class Two(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.scale, self.loss = nn.Linear(3, 2), nn.Linear(2, 1)

        def forward(self, image: Tensor, novel_targets: Tensor) -> dict[str, Tensor]:
            scores = self.scale(image)
            return {"scores": scores, "loss.task": self.loss(scores * novel_targets).sum()}

    graph = fx.symbolic_trace(Two())
    scores, task = only(graph, ["scores"]), only(graph, ["loss.task"])
    image, targets = torch.randn(5, 3), torch.randn(5, 2)
    assert {name for name, _ in scores.named_children()} == {"scale"}
    assert [str(node.target) for node in scores.graph.find_nodes(op="placeholder")] == ["image"]
    assert set(scores(image=image)) == {"scores"}
    assert torch.equal(scores(image=image)["scores"], graph(image, targets)["scores"])
    assert torch.equal(task(image=image, novel_targets=targets)["loss.task"], graph(image, targets)["loss.task"])
    assert task.scale.weight is graph.scale.weight
