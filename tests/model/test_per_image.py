"""A scoring graph in its two parts says what the whole says."""

from __future__ import annotations

import torch
from torch import Tensor, fx, nn

from compose.model.per_image import split_per_image


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
