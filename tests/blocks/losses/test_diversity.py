from __future__ import annotations

import pytest
import torch

from compose.blocks.losses.diversity import Diversity


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("modules", [2, 5])
def test_equation_7(same, modules):
    energies = torch.randn(3, modules, 2, 4, requires_grad=True)

    def slow():
        total = 0
        for image in energies:
            for m in range(modules):
                for n in range(modules):
                    if m != n:
                        e, f = image[m].flatten(), image[n].flatten()
                        total = total + e @ f / (e @ e).sqrt() / (f @ f).sqrt()
        return total / 3

    same(lambda: Diversity()(energies), slow, [energies])


def test_a_single_attention_overlaps_with_none():
    energies = torch.randn(3, 1, 2, 4, requires_grad=True)
    loss = Diversity()(energies)
    loss.backward()
    torch.testing.assert_close(loss, torch.zeros(()), atol=1e-6, rtol=0)
    torch.testing.assert_close(energies.grad, torch.zeros_like(energies), atol=1e-6, rtol=0)


def test_energies_of_zero_have_no_direction():
    energies = torch.randn(1, 3, 2, 2)
    energies[:, 1] = 0
    energies.requires_grad_()
    loss = Diversity()(energies)
    loss.backward()
    torch.testing.assert_close(loss, Diversity()(energies[:, ::2]))
    assert energies.grad.isfinite().all()
    assert energies.grad[:, 1].eq(0).all()
    assert energies.grad[:, ::2].ne(0).all()


def test_half_precision_is_summed_in_single():
    energies = torch.randn(2, 10, 14, 14).bfloat16()
    loss = Diversity()(energies)
    assert loss.dtype == torch.float32
    torch.testing.assert_close(loss, Diversity()(energies.float()))


@pytest.mark.usefixtures("double")
def test_the_released_norm(same):
    energies = torch.randn(3, 4, 2, 4, requires_grad=True)

    def slow():
        unit = [[image[m].flatten() / image[m].norm() for m in range(4)] for image in energies]
        squares = [(i[m] @ i[n]) ** 2 for i in unit for m in range(4) for n in range(4) if m != n]
        return sum(squares) ** 0.5

    same(lambda: Diversity(form="norm")(energies), slow, [energies])
