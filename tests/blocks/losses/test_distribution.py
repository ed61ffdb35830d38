from __future__ import annotations

import pytest
import torch

from compose.blocks.losses.distribution import Distribution

IMAGES, MODULES, LABELS = 3, 4, 5


@pytest.mark.usefixtures("double")
def test_equations_10_and_11(same):
    modules = torch.randn(IMAGES, MODULES, LABELS, requires_grad=True)
    targets = torch.randint(-1, 2, (IMAGES, LABELS), dtype=torch.int8)

    def slow():
        loss = 0
        for m in range(MODULES):
            won = 0
            for image, known in zip(modules, targets, strict=True):
                for label in range(LABELS):
                    if known[label] == 1:
                        won = won + image[m, label].exp() / sum(image[n, label].exp() for n in range(MODULES))
            loss = loss + (won / IMAGES) ** 2
        return loss

    same(lambda: Distribution()(modules, targets), slow, [modules])


def test_does_not_depend_on_the_size_of_the_batch():
    modules, targets = torch.randn(2, MODULES, LABELS), torch.ones(2, LABELS, dtype=torch.int8)
    twice = Distribution()(torch.cat([modules, modules]), torch.cat([targets, targets]))
    torch.testing.assert_close(twice, Distribution()(modules, targets))


def test_least_where_all_attentions_win_alike():
    targets = torch.ones(1, MODULES, dtype=torch.int8)
    each, one = 50 * torch.eye(MODULES)[None], torch.zeros(1, MODULES, MODULES)
    one[:, 0] = 50
    torch.testing.assert_close(Distribution()(each, targets).item(), float(MODULES))
    torch.testing.assert_close(Distribution()(one, targets).item(), float(MODULES**2))


def test_nothing_present():
    modules = torch.randn(2, MODULES, LABELS, requires_grad=True)
    loss = Distribution()(modules, torch.full((2, LABELS), -1, dtype=torch.int8))
    loss.backward()
    assert loss == 0
    assert modules.grad.eq(0).all()


def test_half_precision_is_summed_in_single():
    modules, targets = torch.randn(2, MODULES, 300).bfloat16(), torch.ones(2, 300, dtype=torch.int8)
    loss = Distribution()(modules, targets)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, Distribution()(modules.float(), targets))


@pytest.mark.usefixtures("double")
def test_the_released_squares_of_each_image(same):
    modules = torch.randn(IMAGES, MODULES, LABELS, requires_grad=True)
    targets = torch.randint(-1, 2, (IMAGES, LABELS), dtype=torch.int8)

    def slow():
        squares = []
        for image, known in zip(modules, targets, strict=True):
            shares = [image[:, label].softmax(0) for label in range(LABELS) if known[label] == 1]
            squares += [sum((share[m] for share in shares), torch.zeros(())) ** 2 for m in range(MODULES)]
        return sum(squares) / (IMAGES * MODULES)

    same(lambda: Distribution(over="image")(modules, targets), slow, [modules])
