from __future__ import annotations

import pytest
import torch

from compose.blocks.inference.correlation_inference import CorrelationInference

EXAMPLES, BASE, LABELS, DIM = 3, 6, 5, 4
MASKS = {"all": None, "without three": torch.tensor([1, 0, 1, 1, 0, 0], dtype=torch.int8)}


def example():
    return [torch.randn(count, DIM, requires_grad=True) for count in (EXAMPLES, BASE, LABELS)]


def slow(block, features, base, novel, mask, *, normalise):
    """Eq. 6, an example and a label at a time, with the base labels that take part and no others."""
    kept = [place for place in range(BASE) if mask is None or mask[place] == 1]
    rows = []
    for z in features:
        scores = [z @ base[place] for place in kept]
        norm = sum(score**2 for score in scores).sqrt() if normalise else 1
        related = sum(score / norm * block.relation.weight[:, place] for score, place in zip(scores, kept, strict=True))
        if block.relation.bias is not None:
            related = related + block.relation.bias
        rows.append(torch.stack([related @ vector for vector in novel]))
    return torch.stack(rows)


@pytest.mark.usefixtures("double")
@pytest.mark.parametrize("normalise", [True, False])
@pytest.mark.parametrize("bias", [False, True])
@pytest.mark.parametrize("mask", MASKS.values(), ids=MASKS)
def test_equation_6(same, mask, bias, normalise):
    block, given = CorrelationInference(BASE, DIM, normalise=normalise, bias=bias), example()
    tensors = [*given, *block.parameters()]
    same(lambda: block(*given, mask), lambda: slow(block, *given, mask, normalise=normalise), tensors)


@pytest.mark.usefixtures("double")
def test_a_mask_is_a_model_without_these_labels():
    whole, (features, base, novel), mask = CorrelationInference(BASE, DIM), example(), MASKS["without three"]
    part, kept = CorrelationInference(3, DIM), mask == 1
    part.relation.weight = torch.nn.Parameter(whole.relation.weight[:, kept].detach())
    scores = whole(features, base, novel, mask)
    torch.testing.assert_close(scores, part(features, base[kept], novel))
    assert not scores.allclose(whole(features, base, novel))


def test_left_out_labels_get_no_gradient_however_high():
    block, (features, base, novel), mask = CorrelationInference(BASE, DIM), example(), MASKS["without three"]
    base = (base.detach() * torch.where(mask == 1, 1, 1e4)[:, None]).requires_grad_()
    block(features, base, novel, mask).square().sum().backward()
    for gradient in (block.relation.weight.grad.T, base.grad):
        assert gradient[mask == 0].eq(0).all()
        assert gradient[mask == 1].ne(0).any(1).all()
