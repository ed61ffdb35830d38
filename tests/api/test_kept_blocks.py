"""A run keeps the user's block files, and is read by them."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from typer.testing import CliRunner

import compose
from compose.cli.app import app
from compose.errors import SpecErrors, UsageError

from .conftest import BLOCK, SMALL, TINY

OWN: dict[str, Any] = {
    **TINY,
    "model": {
        **TINY["model"],
        "scaled": {"use": "own_scale", "in": "vectors"},
        "scores": {"in": ["scaled", "labels.vectors"]},
    },
}
NOTE = "note: using the blocks that the run keeps: run/blocks/my_blocks.py"


@pytest.fixture
def run(own_block: Path) -> compose.Run:
    """A run in ``run/`` with a block of the user's, whose file is then edited so that it serves nothing."""
    made = compose.train(
        OWN, variants="short", overrides=SMALL, blocks=[own_block], out="run", device="cpu", progress=False
    )
    own_block.write_text("raise RuntimeError('edited')\n")
    return made


def called(*words: object) -> Any:
    result = CliRunner().invoke(app, [str(word) for word in words], prog_name="compose")
    assert result.exit_code == 0, result.stderr
    return result


def test_a_copy_and_its_hash(run: compose.Run) -> None:
    assert Path("run/blocks/my_blocks.py").read_text() == BLOCK
    header = [line for line in Path("run/spec.lock.yaml").read_text().splitlines() if line.startswith("#")]
    kept = f"# keeps: blocks/my_blocks.py sha256 {sha256(BLOCK.encode()).hexdigest()}"
    assert header[-1] == f"{kept} of {Path('my_blocks.py').absolute()}"
    assert header[-2] == "# repeat with: compose train spec.lock.yaml"
    assert "--blocks my_blocks.py" in header[0].replace(str(Path.cwd()) + "/", "")


def test_an_edited_original_is_harmless(run: compose.Run) -> None:
    opened = compose.Run("run", device="cpu")
    assert opened.kept_blocks == (Path("run/blocks/my_blocks.py"),)
    assert opened.evaluate() == run.results
    assert compose.Run("run", blocks=["run/blocks/my_blocks.py"]).kept_blocks == ()


def test_the_lock_repeats_the_run(run: compose.Run) -> None:
    again = compose.train("run/spec.lock.yaml", out="again", device="cpu", progress=False)
    assert again.results == run.results
    assert Path("again/blocks/my_blocks.py").read_text() == BLOCK
    assert compose.validate("again/spec.lock.yaml", fast=True)


def test_commands_use_the_copy_and_say_so(run: compose.Run) -> None:
    Image.new("RGB", (9, 9)).save("a.png")
    for words in (["predict", "run", "a.png"], ["evaluate", "run"], ["train", "--resume", "run"]):
        notes = called(*words, "--device", "cpu").stderr.splitlines()[:2]
        assert notes == [NOTE, f"note: {Path('my_blocks.py').absolute()} has changed since; the run's copy counts"]
    assert "note:" not in called("predict", "run", "a.png", "--blocks", "run/blocks/my_blocks.py").stderr


def test_commands_that_look_inside_say_so_too(run: compose.Run) -> None:
    changed = f"note: {Path('my_blocks.py').absolute()} has changed since; the run's copy counts"
    looks = (["show", "run", "--spec"], ["graph", "run", "--no-shapes"], ["code", "run/spec.lock.yaml"])
    for words in looks:
        assert called(*words).stderr.splitlines()[:2] == [NOTE, changed]


def test_validate_says_so_too(run: compose.Run) -> None:
    changed = f"{Path('my_blocks.py').absolute()} has changed since; the run's copy counts"
    for words in (["run"], ["run/spec.lock.yaml", "--fast"]):
        assert called("validate", *words).stderr.splitlines()[:2] == [NOTE, f"note: {changed}"]
    assert list(compose.validate("run", fast=True).notes[:2]) == [NOTE.removeprefix("note: "), changed]
    assert not compose.validate("run", fast=True, blocks="run/blocks/my_blocks.py").notes


def test_a_file_that_has_not_changed_or_is_gone_is_not_told(run: compose.Run) -> None:
    Path("my_blocks.py").write_text(BLOCK)
    assert "has changed since" not in called("evaluate", "run", "--device", "cpu").stderr
    Path("my_blocks.py").unlink()
    assert "has changed since" not in called("evaluate", "run", "--device", "cpu").stderr


def test_a_lock_that_does_not_name_the_original_is_read(run: compose.Run) -> None:
    lock = Path("run/spec.lock.yaml")
    lock.write_text(lock.read_text().replace(f" of {Path('my_blocks.py').absolute()}", ""))
    assert compose.Run("run").kept_blocks == (Path("run/blocks/my_blocks.py"),)
    assert "has changed since" not in called("evaluate", "run", "--device", "cpu").stderr


def test_a_copy_that_is_gone_or_changed(run: compose.Run) -> None:
    kept = Path("run/blocks/my_blocks.py")
    kept.write_text(BLOCK.replace("2.0", "3.0"))
    with pytest.raises(
        UsageError, match=r"has changed since the run was made \(its hash is not the one in spec.lock.yaml"
    ):
        _ = compose.Run("run").spec
    assert compose.Run("run", blocks=kept).spec
    kept.unlink()
    with pytest.raises(
        UsageError, match=r"needs run/blocks/my_blocks\.py, which is not there; name the file with --blocks"
    ):
        compose.train("run/spec.lock.yaml", progress=False)


def test_a_run_goes_on_with_no_other_code(run: compose.Run) -> None:
    Path("my_blocks.py").write_text(BLOCK.replace("2.0", "3.0"))
    Path("renamed.py").write_text(BLOCK.replace("2.0", "4.0"))
    with pytest.raises(
        SpecErrors, match=r"the code differs from here on from what the run keeps, run/blocks/my_bl"
    ) as caught:
        compose.train(resume="run", blocks="my_blocks.py", device="cpu", progress=False)
    (error,) = caught.value.errors
    assert error.place is not None
    assert "3.0" in error.place.document.lines[error.place.line - 1]
    told = "--blocks renamed.py: the run was made without this file; go on without --blocks, or begin a new run without"
    with pytest.raises(UsageError, match=told):
        compose.train(resume="run", blocks="renamed.py", device="cpu", progress=False)
    Path("renamed.py").write_text(BLOCK)
    again = compose.train(resume="run", blocks="renamed.py", device="cpu", progress=False)
    assert again.results == run.results


def test_a_copy_of_the_lock_alone_does_not_know_the_block(run: compose.Run) -> None:
    text = Path("run/spec.lock.yaml").read_text()
    Path("other.yaml").write_text(text)
    with pytest.raises(SpecErrors, match="own_scale"):
        compose.load("other.yaml")


def test_two_files_of_one_name(here: Path) -> None:
    spec = {**OWN, "model": {**OWN["model"], "again": {"use": "own_shift", "in": "vectors"}}}
    spec["model"]["scaled"] = {"use": "own_scale", "in": "again"}
    for folder, text in {"a": BLOCK, "b": BLOCK.replace("OwnScale", "OwnShift")}.items():
        Path(folder).mkdir()
        Path(folder, "mine.py").write_text(text)
    run = compose.train(
        spec,
        variants="short",
        overrides=SMALL,
        blocks=["a/mine.py", "b/mine.py"],
        out="run",
        device="cpu",
        progress=False,
    )
    assert [str(path) for path in run.kept_blocks] == ["run/blocks/mine.py", "run/blocks/2/mine.py"]
    assert run.evaluate() == run.results


def test_modules_beside_a_block_file_are_kept_with_it(own_block: Path) -> None:
    own_block.with_name("helper.py").write_text("FACTOR = 1\n")
    own_block.write_text(f"import helper\n{BLOCK}")
    compose.train(OWN, variants="short", overrides=SMALL, blocks=[own_block], out="run", device="cpu", progress=False)
    own_block.with_name("helper.py").write_text("raise RuntimeError('edited')\n")
    assert Path("run/blocks/helper.py").read_text() == "FACTOR = 1\n"
    opened = compose.Run("run", device="cpu")
    assert opened.kept_blocks == (Path("run/blocks/my_blocks.py"),)
    assert opened.evaluate()
    Path("run/blocks/helper.py").write_text("FACTOR = 2\n")
    with pytest.raises(UsageError, match=r"run/blocks/helper\.py has changed since the run was made"):
        _ = compose.Run("run").spec
