"""What ``-v`` and ``-s`` of a sweep mean."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.errors import UsageError
from compose.spec.layers.sweep import Member
from compose.sweeping.planned_run import PlannedRun, folder_names
from compose.sweeping.sweep_axes import grid_axes, members_of, sweep_flags


def test_one_value_is_for_all_and_several_are_an_axis() -> None:
    flags = sweep_flags(["plain", "a,b+c,base"], ["data.train=100", "x.lr=1,2", "y.lr=[1,2],[3]"], ["a", "b", "c"])
    assert (flags.variants, flags.overrides, flags.seeds) == (("plain",), ("data.train=100",), ())
    members = members_of(flags.axes)
    assert len(members) == 3 * 2 * 2
    assert members[0].name == "a, x.lr=1, y.lr=[1,2]"
    assert members[4].variants == ("b", "c")
    assert members[-1] == Member("base, x.lr=2, y.lr=[3]", (), ("x.lr=2", "y.lr=[3]"))


def test_a_variant_that_is_called_base() -> None:
    (axis,) = sweep_flags(["a,base,c+d"], [], ["a", "base", "c+d"]).axes
    assert [member.variants for member in axis] == [("a",), ("base",), ("c+d",)]


def test_the_seed_is_no_axis() -> None:
    flags = sweep_flags([], ["seed=3,5", "x=1,2"], [])
    assert flags.seeds == (3, 5)
    assert [member.name for member in members_of(flags.axes)] == ["x=1", "x=2"]


def test_a_dict() -> None:
    axes = grid_axes({"variants": ["a", [], ["a", "b"]], "x.w": [0.1, None, [1, 2]], "y": "1,2"}, ["a", "b"])
    assert [member.name for member in axes[0]] == ["a", "base", "a+b"]
    assert [member.overrides for member in axes[1]] == [("x.w=0.1",), ("x.w=null",), ("x.w=[1, 2]",)]
    assert [member.name for member in axes[2]] == ["y=1", "y=2"]


def test_what_is_there_twice_is_one_member() -> None:
    assert len(members_of(sweep_flags([], ["x=1,1"], []).axes)) == 1


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        (["x"], "-s x: expected KEY=VALUE or KEY=VALUE,VALUE"),
        (["seed=a"], "-s seed=a: expected a whole number"),
    ],
)
def test_mistakes(overrides: list[str], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        sweep_flags([], overrides, [])


def test_mistakes_of_a_dict() -> None:
    with pytest.raises(UsageError, match="expected a list of values for `x`, got 3"):
        grid_axes({"x": 3}, [])


def test_too_many_members() -> None:
    with pytest.raises(UsageError, match="the sweep has 2,500 members; expected at most 1,000"):
        members_of(sweep_flags([], [f"{key}={','.join(map(str, range(50)))}" for key in "xy"], []).axes)


def test_folders_are_readable_and_differ() -> None:
    members = [Member("groups=3, weight=0.1"), Member("a+b"), Member(""), Member("x=a b"), Member("x=a/b")]
    names = folder_names("ml2p", members)
    assert names[:3] == ["ml2p-groups-3-weight-0.1", "ml2p-a+b", "ml2p"]
    assert names[3] != names[4]
    assert all(name.startswith("ml2p-x-a-b-") for name in names[3:])
    assert folder_names("ml2p", members) == names


def test_the_words_of_a_run() -> None:
    run = PlannedRun(Member("a"), 2, Path("o/m-2"), "m.yaml", ("a",), ("x=1 2",))
    assert run.words(resume=False, device="cpu", blocks=[Path("b.py")]) == [
        *("train", "m.yaml", "-v", "a", "-s", "x=1 2", "-s", "seed=2", "--blocks", "b.py"),
        *("--out", "o/m-2", "--device", "cpu"),
    ]
    assert run.words(resume=True, device="cpu") == ["train", "--resume", "o/m-2", "--device", "cpu"]
