from __future__ import annotations

import numpy as np
import torch

from compose.data.classes.stored_pictures import Distorted, StoredPictures


def split(strength: float, *, turns: int = 1) -> Distorted:
    pictures = torch.zeros(3, 1, 28, 28, dtype=torch.uint8)
    pictures[:, :, 10:18, 12:16] = 255
    pictures[1, :, 4:10, 12:16] = 200
    return Distorted(pictures, np.arange(3) * turns, count=3 * turns, turns=turns, strength=strength, seed=1)


def test_each_epoch_shows_another_distortion() -> None:
    examples = split(1.0)
    first, again, later = (examples[indices]["image"] for indices in ([0, 1], [0, 1], [3, 4]))
    assert torch.equal(first, again)
    assert (first - later).abs().mean() > 0.01
    assert first.shape == (2, 1, 28, 28)
    assert 0 <= first.min() <= first.max() <= 1


def test_a_distortion_depends_on_its_index_alone() -> None:
    examples = split(1.0)
    torch.testing.assert_close(examples[[5, 2, 7]]["image"][1], examples[[2]]["image"][0])


def test_without_strength_nothing_moves() -> None:
    plain = StoredPictures(split(1)._pictures, np.arange(3), count=3)
    torch.testing.assert_close(split(0.0)[[0, 1, 2]]["image"], plain[[0, 1, 2]]["image"], atol=1e-4, rtol=0)


def test_ink_stays_about_where_and_as_much_as_it_is() -> None:
    examples = split(1.0)
    images = torch.cat([examples[[epoch * 3]]["image"] for epoch in range(200)])
    ink = images.sum((1, 2, 3))
    assert 32 * 0.75 < ink.mean() < 32 * 1.25
    rows, columns = torch.meshgrid(torch.arange(28.0), torch.arange(28.0), indexing="ij")
    for places in (rows, columns):
        centre = (images * places).sum((1, 2, 3)) / ink
        assert abs(centre.mean() - 13.5) < 0.5
        assert 0.5 < centre.std() < 2.5
        assert (centre - 13.5).abs().max() < 5


def test_turned_pictures_are_distorted_too() -> None:
    examples = split(0.5, turns=4)
    batch = examples[[4, 5]]
    assert batch["targets"].argmax(1).tolist() == [4, 5]
    assert (batch["image"][0] - batch["image"][1]).abs().sum() > 1
