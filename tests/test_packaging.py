"""The wheel holds the whole project, works from any directory, and puts nothing but ``compose`` into site-packages."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
PARTS = {
    "compose": "compose",
    "blocks": "compose/blocks",
    "graphs": "compose/graphs",
    "zoo": "compose/zoo",
    "specs": "compose/specs",
}
UNPINNED = {"pip", "setuptools", "torchcompose"}
SHIPPED = {".py", ".yaml", ".json", ".npz", ".tsv", ".txt", ".typed"}


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project as a wheel, built from a copy of its tracked folders."""
    out = tmp_path_factory.mktemp("wheel")
    copy = out / "source"
    copy.mkdir()
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        (copy / name).write_bytes((ROOT / name).read_bytes())
    for file in _files():
        target = copy / file
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes((ROOT / file).read_bytes())
    command = [
        sys.executable,
        "-m",
        "pip",
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "-w",
        str(out),
        str(copy),
    ]
    subprocess.run(command, check=True)
    return next(out.glob("*.whl"))


def _files() -> list[Path]:
    found = [path for part in PARTS for path in (ROOT / part).rglob("*") if path.suffix in SHIPPED]
    return [path.relative_to(ROOT) for path in found if "__pycache__" not in path.parts]


def test_holds_every_file_and_only_compose(wheel: Path) -> None:
    from compose import __version__

    inside = set(zipfile.ZipFile(wheel).namelist())
    assert {name.split("/")[0].removesuffix(f"-{__version__}.dist-info") for name in inside} == {
        "compose",
        "torchcompose",
    }
    expected = {str(Path(PARTS[file.parts[0]], *file.parts[1:])) for file in _files()}
    assert expected - inside == set()


def test_works_from_any_directory(wheel: Path, tmp_path: Path) -> None:
    site = tmp_path / "site"
    zipfile.ZipFile(wheel).extractall(site)
    code = f"""
import sys
sys.path.insert(0, {str(site)!r})
sys.meta_path[:] = [finder for finder in sys.meta_path if "editable" not in str(finder).lower()]
import compose
assert compose.__file__.startswith(sys.path[0])
from compose.cli import main
sys.argv = ["compose", "validate", "--fast", "zoo/ml2p.yaml"]
main()
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_one_version() -> None:
    import yaml

    from compose import __version__

    cited = yaml.safe_load((ROOT / "CITATION.cff").read_text("utf-8"))["version"]
    newest = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text("utf-8"), re.MULTILINE)[0]
    assert (cited, newest) == (__version__, __version__)


def test_the_wheel_has_that_version(wheel: Path) -> None:
    from compose import __version__

    assert wheel.name.startswith(f"torchcompose-{__version__}-")


def test_the_command_has_a_second_name(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        (listed,) = (name for name in opened.namelist() if name.endswith("entry_points.txt"))
        commands = opened.read(listed).decode().split("[console_scripts]")[1].splitlines()
    found = dict(line.split(" = ") for line in commands if line)
    assert found == {"compose": "compose.cli:main", "torchcompose": "compose.cli:main"}


def test_what_every_extra_needs_is_pinned_and_installed() -> None:
    """Each requirement of an extra, and of those in turn, has a version in constraints.txt that is allowed."""
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    lines = (ROOT / "constraints.txt").read_text("utf-8").split()
    pinned = {canonicalize_name(name): version for name, _, version in (line.partition("==") for line in lines)}
    left, known = [Requirement(text) for texts in extras.values() for text in texts], set()
    while left:
        needed = left.pop()
        if (needed.name, *needed.extras) in known:
            continue
        known.add((needed.name, *needed.extras))
        name = canonicalize_name(needed.name)
        if name in UNPINNED:
            continue
        assert needed.specifier.contains(pinned[name], prereleases=True), needed
        try:
            wanted = requires(needed.name) or []
        except PackageNotFoundError:
            assert needed.name not in {Requirement(text).name for text in extras["dev"]}, f"{needed.name} is missing"
            continue
        left += [
            each
            for each in map(Requirement, wanted)
            if each.marker is None or any(each.marker.evaluate({"extra": extra}) for extra in ("", *needed.extras))
        ]
    own = {Requirement(text).name for name in ("mlflow", "ray", "search", "timm", "wandb") for text in extras[name]}
    assert own <= {Requirement(text).name for text in extras["dev"]}


def test_an_extra_that_a_message_names_is_one() -> None:
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["optional-dependencies"]
    files = [path for folder in ("compose", "blocks", "graphs") for path in (ROOT / folder).rglob("*.py")]
    named = {name for path in files for name in re.findall(r"torchcompose\[(\w+)\]", path.read_text("utf-8"))}
    from compose.training.logging.loggers import LOGGERS

    assert named | {*LOGGERS} <= {*extras}
