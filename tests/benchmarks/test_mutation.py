"""The driver of mutations, on a project of one module and its tests."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

pytest.importorskip("cosmic_ray", reason="the extra `mutation` is not installed")

from benchmarks.mutation import __main__ as driver
from benchmarks.mutation.judge import BrokenTests, Judge
from benchmarks.mutation.mutants import Mutant, sample, sites
from benchmarks.mutation.mutated_rooms import ROOMS, nearest_tests, room_of, sources, wider_tests

ROOT = Path(__file__).parents[2]
CODE = """\
from __future__ import annotations


def share(part: int | float, whole: int) -> float:
    if not whole:
        raise ValueError("nothing to share")
    found = part / whole
    return found


def wait(rounds: int) -> int:
    while rounds > 0:
        rounds -= 1
    return rounds


def unread(part: int) -> int:
    return part + 1
"""
TESTS = """\
import pytest

from compose.shares.share import share, wait


def test_half():
    assert share(1, 2) == 0.5
    assert wait(3) == 0


def test_nothing():
    with pytest.raises(ValueError):
        share(1, 0)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project of one module, which git knows."""
    root = tmp_path / "project"
    for folder in ("compose/shares", "blocks", "graphs", "zoo", "specs", "tests/shares", "benchmarks"):
        (root / folder).mkdir(parents=True)
    (root / "benchmarks/mutation").symlink_to(ROOT / "benchmarks/mutation")
    for folder in ("compose", "compose/shares"):
        (root / folder / "__init__.py").write_text("")
    (root / "compose/shares/share.py").write_text(CODE)
    (root / "tests/shares/test_share.py").write_text(TESTS)
    subprocess.run(["git", "init", "-q", str(root)], check=True)
    return root


def by_change(root: Path) -> dict[tuple[str, str], Mutant]:
    made = [site.mutant(root) for site in sites(root, Path("compose/shares/share.py"))]
    return {mutant.changed: mutant for mutant in made if mutant}


def test_each_sort_of_change_is_made(project: Path) -> None:
    found = by_change(project)
    assert ("found = part / whole", "found = part * whole") in found
    assert ("if not whole:", "if  whole:") in found
    assert ('raise ValueError("nothing to share")', "pass") in found
    assert ("while rounds > 0:", "while rounds >= 0:") in found
    assert ("rounds -= 1", "pass") in found
    assert not any("int & float" in after for _, after in found)  # no annotation that Python does not evaluate


def test_what_tests_see_and_what_they_do_not(project: Path, tmp_path: Path) -> None:
    found, tests = by_change(project), [["tests/shares/test_share.py"]]
    with Judge(project, tmp_path / "copy") as judge:
        seen = judge.verdict(found["found = part / whole", "found = part * whole"], tests)
        unseen = judge.verdict(found["return part + 1", "return part - 1"], tests)
    assert (seen.fate, unseen.fate) == ("killed", "survived")
    assert (project / "compose/shares/share.py").read_text() == CODE
    assert (tmp_path / "copy/compose/shares/share.py").read_text() == CODE


def test_a_change_that_never_ends_is_stopped(project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("benchmarks.mutation.judge.GRACE", 1.0)
    endless = by_change(project)["rounds -= 1", "pass"]
    with Judge(project, tmp_path / "copy") as judge:
        assert judge.verdict(endless, [["tests/shares/test_share.py"]]).fate == "timeout"


def test_tests_that_fail_without_a_change_are_told(project: Path, tmp_path: Path) -> None:
    (project / "tests/shares/test_share.py").write_text("def test_no():\n    assert False\n")
    mutant = next(iter(by_change(project).values()))
    with Judge(project, tmp_path / "copy") as judge, pytest.raises(BrokenTests, match="fail without a change"):
        judge.verdict(mutant, [["tests/shares/test_share.py"]])


def test_survivors_are_printed_and_asked_about_again(
    project: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def printed(*options: str) -> str:
        monkeypatch.setattr(sys, "argv", ["mutation", *options, "--save", str(tmp_path / "found.json")])
        driver.main()
        return capsys.readouterr().out

    monkeypatch.setattr(driver, "ROOT", project)
    monkeypatch.setattr("benchmarks.mutation.judge.GRACE", 2.0)
    out = printed("--room", "compose/shares/share.py", "--sample", "4", "--seed", "3")
    assert "-    return part + 1\n" in out
    assert "compose/shares/share.py: 75% of 4 seen (3 killed, 0 timeout, 1 survived, 0 equivalent)" in out
    (project / "tests/shares/test_unread.py").write_text(
        "from compose.shares.share import unread\n\n\ndef test_next():\n    assert unread(1) == 2\n"
    )
    assert "compose/shares/share.py: 100% of 4 seen" in printed("--again", str(tmp_path / "found.json"))


def test_a_sample_is_the_same_again_and_spreads_over_lines(project: Path) -> None:
    found = sites(project, Path("compose/shares/share.py"))
    drawn = sample(project, found, 5, seed=1)
    assert drawn == sample(project, found, 5, seed=1)
    assert len({mutant.line for mutant in drawn}) == 5
    assert drawn != sample(project, found, 5, seed=2)


@pytest.mark.parametrize("name", ROOMS)
def test_every_room_has_code_and_tests(name: str) -> None:
    room = room_of(name)
    assert sources(ROOT, room)
    assert all((ROOT / path).exists() for path in (*room.sources, *room.tests, *room.without))


def test_a_module_is_asked_about_by_the_tests_that_name_or_import_it() -> None:
    source = Path("blocks/losses/ranknet.py")
    near = nearest_tests(ROOT, source)
    assert "tests/blocks/losses/test_ranknet.py" in near
    assert set(near) < set(wider_tests(ROOT, room_of("losses"), source))


def test_a_score_counts_what_changes_something() -> None:
    fates = ["killed", "killed", "timeout", "survived", "equivalent"]
    line = driver.score("wire", [{"fate": fate, "diff": fate} for fate in fates])
    assert line == "wire: 75% of 4 seen (2 killed, 1 timeout, 1 survived, 1 equivalent)"
    assert driver.survivors([{"fate": fate, "diff": f"of {fate}"} for fate in fates]) == ["of survived"]


def test_what_changes_nothing_is_listed_and_exists() -> None:
    """An entry whose line is gone is to be deleted."""
    for entry in driver.equivalents():
        assert all(line in (ROOT / entry["path"]).read_text("utf-8") for line in entry["before"].splitlines())
        assert entry["why"]
