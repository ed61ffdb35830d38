from __future__ import annotations

import numpy as np

from compose.data.counter_random import Dice, by_lot


def test_an_example_draws_the_same_beside_any_others() -> None:
    together = Dice((7, 1), range(100)).uniform(5, 2)
    alone = np.concatenate([Dice((7, 1), [index]).uniform(5, 2) for index in range(100)])
    assert (together == alone).all()


def test_numbers_are_dealt_in_order() -> None:
    one, two = Dice((0,), [3]), Dice((0,), [3])
    assert (one.uniform(6)[0] == np.concatenate([two.uniform(2), two.uniform(4)], 1)[0]).all()


def test_streams_are_unrelated_and_uniform() -> None:
    seeds = [(0,), (1,), (0, 0), (0, 1), (-1,), (2**63,)]
    drawn = np.stack([Dice(seed, range(2000)).uniform(4).ravel() for seed in seeds])
    assert np.abs(np.corrcoef(drawn) - np.eye(len(seeds))).max() < 0.05
    assert ((drawn >= 0) & (drawn < 1)).all()
    assert np.abs(np.quantile(drawn, [0.1, 0.5, 0.9]) - [0.1, 0.5, 0.9]).max() < 0.01


def test_neighbouring_examples_are_unrelated() -> None:
    drawn = Dice((5,), range(5000)).uniform(8)
    assert abs(np.corrcoef(drawn[:-1, 0], drawn[1:, 0])[0, 1]) < 0.05
    assert np.abs(np.corrcoef(drawn.T) - np.eye(8)).max() < 0.06


def test_integers_stay_below_their_bound() -> None:
    drawn = Dice((0,), range(1000)).integers(np.array([1, 7]), 2)
    assert drawn.min(0).tolist() == [0, 0]
    assert drawn.max(0).tolist() == [0, 6]


def test_nothing_can_be_asked_for() -> None:
    assert Dice((0,), range(3)).uniform(0).shape == (3, 0)


def test_by_lot_two_examples_keep_their_order_whatever_else_is_there() -> None:
    all_of_them = np.arange(200)[by_lot((3, 4), range(200))].tolist()
    assert sorted(all_of_them) == list(range(200)) != all_of_them
    some = list(range(0, 200, 7))
    assert [some[place] for place in by_lot((3, 4), some)] == [index for index in all_of_them if index in some]
    assert by_lot((3, 5), range(200)).tolist() != all_of_them
