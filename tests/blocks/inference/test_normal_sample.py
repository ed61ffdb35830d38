from __future__ import annotations

import pytest
import torch

from compose.blocks.inference.normal_sample import NormalSample
from compose.blocks.losses.normal_divergence import NormalDivergence


def test_draws_have_the_mean_and_the_variance():
    mean, log_variance = torch.tensor([[1.0, -2.0]]), torch.tensor([[0.0, 1.5]])
    drawn = NormalSample()(mean.expand(40_000, 2), log_variance.expand(40_000, 2))
    torch.testing.assert_close(drawn.mean(0), mean[0], atol=0.05, rtol=0)
    torch.testing.assert_close(drawn.var(0), log_variance[0].exp(), atol=0.15, rtol=0)


def test_in_evaluation_it_is_the_mean():
    mean, log_variance = torch.randn(2, 3, 4)
    assert NormalSample().eval()(mean, log_variance).equal(mean)


@pytest.mark.usefixtures("double")
def test_gradients_reach_mean_and_variance(same):
    mean, log_variance = torch.randn(3, 4, requires_grad=True), torch.randn(3, 4, requires_grad=True)

    def drawn():
        torch.manual_seed(5)
        return NormalSample()(mean, log_variance)

    def slow():
        torch.manual_seed(5)
        noise = torch.randn_like(mean)
        entries = zip(mean.flatten(), log_variance.flatten(), noise.flatten(), strict=True)
        return torch.stack([m + v.exp().sqrt() * z for m, v, z in entries]).view(3, 4)

    same(drawn, slow, [mean, log_variance])


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("shape", [(4,), (3, 4), (2, 3, 4)])
def test_the_divergence_is_that_of_torch(same, shape):
    mean, log_variance = (torch.randn(shape, requires_grad=True) for _ in range(2))

    def slow():
        found = torch.distributions.Normal(mean, (0.5 * log_variance).exp())
        every = torch.distributions.kl_divergence(found, torch.distributions.Normal(0.0, 1.0))
        codes = every.reshape(-1, 4)
        return sum(code.sum() for code in codes) / len(codes)

    same(lambda: NormalDivergence()(mean, log_variance), slow, [mean, log_variance])
    assert NormalDivergence()(torch.zeros(2, 3), torch.zeros(2, 3)) == 0
