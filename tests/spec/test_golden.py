"""Every mistake that is seen without torch ends in one message: the golden files hold it as the user reads it.

In a folder for each sort of mistake, ``NAME.yaml`` is the spec and ``NAME.txt`` what is printed. A first line
``# -v NAME`` or ``# -s KEY=VALUE`` gives options.
"""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from compose.errors import SpecErrors, UsageError
from compose.registry.registry import Registry
from compose.spec.read import read_spec

GOLDEN = Path(__file__).with_name("golden")
NAMES = sorted({f"{path.parent.name}/{path.stem}" for path in GOLDEN.glob("*/*.txt")})


def _options(path: Path) -> dict[str, list[str]]:
    first = path.read_bytes().splitlines()[:1] if path.is_file() else []
    words = shlex.split(first[0].decode().lstrip("#")) if first and first[0].startswith(b"# -") else []
    pairs = list(zip(words[::2], words[1::2], strict=True))
    return {
        "variants": [value for flag, value in pairs if flag == "-v"],
        "overrides": [value for flag, value in pairs if flag == "-s"],
    }


@pytest.mark.parametrize("name", NAMES)
def test_message(name: str, known: Registry, monkeypatch: pytest.MonkeyPatch, update_golden: bool) -> None:
    folder, stem = name.split("/")
    monkeypatch.chdir(GOLDEN / folder)
    spec, golden = Path(f"{stem}.yaml"), Path(f"{stem}.txt")
    with pytest.raises((SpecErrors, UsageError)) as caught:
        read_spec(str(spec), known=known, all_variants=True, **_options(spec))
    told = f"{caught.value}\n".replace(f"{GOLDEN}/", "")  # a file of no folder below this one is named in full
    if update_golden:
        golden.write_text(told, encoding="utf-8")
    assert told == golden.read_text("utf-8")


def test_the_spec_that_the_mistakes_were_made_in_is_right(known: Registry) -> None:
    read_spec(str(GOLDEN / "base.yaml"), known=known, all_variants=True)
