from __future__ import annotations

import pytest
import torch

from compose.blocks.graph.posvae import PosVae

IMAGES, EXTERNAL, DIM, SIZE = 2, 5, 4, 6


def vae(**options):
    return PosVae(DIM, hidden=7, size=SIZE, **options)


def example():
    return torch.rand(IMAGES, EXTERNAL).softmax(1), torch.randn(EXTERNAL, DIM)


def test_states_are_drawn_while_training():
    block, given = vae(), example()
    draws = torch.stack([block(*given).nodes for _ in range(4000)])
    block.eval()
    mean = block(*given).nodes
    assert not draws[0].equal(draws[1])
    torch.testing.assert_close(draws.mean(0), mean, atol=0.15, rtol=0)
    _, log_variance = block._encode(*given)
    torch.testing.assert_close(draws.var(0).log(), log_variance, atol=0.2, rtol=0)


def test_the_released_code_draws_uniformly():
    block, given = vae(noise="uniform"), example()
    mean, log_variance = block._encode(*given)
    draws = torch.stack([block(*given).nodes for _ in range(500)])
    noise = (draws - mean) / (log_variance / 2).exp()
    assert -1e-4 <= noise.min() < 0.02
    assert 0.98 < noise.max() <= 1 + 1e-4


def test_evaluation_takes_the_mean():
    block, given = vae().eval(), example()
    assert block(*given).nodes.equal(block(*given).nodes)
    assert block(*given).loss.equal(block(*given).loss)


def test_states_may_be_drawn_in_evaluation_too():
    block, given = vae(sample_eval=True).eval(), example()
    assert not block(*given).nodes.equal(block(*given).nodes)


def test_a_standard_normal_that_tells_the_probability_costs_nothing():
    block = vae().eval()
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    torch.nn.init.constant_(block.reconstruction.bias, 1 / EXTERNAL)
    posterior = torch.full((IMAGES, EXTERNAL), 1 / EXTERNAL)
    assert block(posterior, torch.randn(EXTERNAL, DIM)).loss == 0


def test_the_divergence_is_that_of_normal_distributions():
    block = vae().eval()
    for parameter in block.parameters():
        torch.nn.init.zeros_(parameter)
    torch.nn.init.normal_(block.distribution.bias)
    mean, log_variance = block.distribution.bias.detach().chunk(2)
    posterior = torch.distributions.Normal(mean, (log_variance / 2).exp())
    expected = torch.distributions.kl_divergence(posterior, torch.distributions.Normal(0, 1)).sum()
    torch.testing.assert_close(block(torch.zeros(IMAGES, EXTERNAL), torch.randn(EXTERNAL, DIM)).loss, expected)


def test_single_precision_at_least():
    block, (posterior, vectors) = vae().bfloat16(), example()
    assert block(posterior.bfloat16(), vectors.bfloat16()).loss.dtype == torch.float32


@pytest.mark.parametrize("training", [True, False])
def test_gradients_reach_every_weight(training):
    block, given = vae().train(training), example()
    nodes, loss = block(*given)
    (nodes.sum() + loss).backward()
    assert all(parameter.grad.abs().sum() > 0 for parameter in block.parameters())
