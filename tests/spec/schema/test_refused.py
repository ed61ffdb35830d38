"""Values that a block's own check refuses: at their places, without torch, and no other set than the published one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from compose.errors import SpecError, SpecErrors
from compose.registry.registry import Registry, load_block_file, registry
from compose.spec.read import read_spec

from .judges import Judges, whole

HEAD = {"data": {"use": "glyph_scenes"}, "labels": {"vectors": {"use": "wordnet"}}}
GOOD = "b c h w -> b (h w) c"
BAD = "b c h w -> b c"
LOSES = '"b c h w -> b c" loses `h`, `w`; what reduces a dim is `reduce`'


OWN = {
    "inputs": ["x"],
    "model": {"a": {"use": "rearrange", "in": "x", "pattern": BAD}},
    "outputs": "a",
}


def tokens(**values: Any) -> dict[str, Any]:
    return {"use": "rearrange", "in": "image", "pattern": GOOD, **values}


def spec(node: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {**HEAD, "model": {"scores": node}, **more}


def errors(tmp_path: Path, content: dict[str, Any], *overrides: str, variants: bool = True) -> list[SpecError]:
    file = tmp_path / "spec.yaml"
    file.write_text(json.dumps(content, indent=1))
    try:
        read_spec(str(file), overrides=list(overrides), all_variants=variants)
    except SpecErrors as caught:
        return caught.errors
    return []


def told(error: SpecError) -> str:
    """The text that an error points at."""
    assert error.place is not None
    line = error.place.document.lines[error.place.line - 1]
    return line[error.place.column - 1 :][: error.place.length].strip('"')


def test_a_right_pattern(tmp_path: Path) -> None:
    assert errors(tmp_path, spec(tokens())) == []
    assert errors(tmp_path, spec(tokens(sizes=None))) == []


def test_a_wrong_pattern_at_its_place(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, spec(tokens(pattern=BAD)))
    assert error.message == f"`pattern` of the block `rearrange`: {LOSES}"
    assert (error.code, told(error)) == ("bad-parameter", BAD)
    assert error.expected is not None
    assert '"b c h w -> b (h w) c"' in error.expected


def test_what_is_no_pattern_at_all_is_told_once(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, spec(tokens(pattern="b c h w")))
    assert error.message == '`pattern` of the block `rearrange`: "b c h w" has no `->`'
    (error,) = errors(tmp_path, spec(tokens(pattern=3)))
    assert error.message == "`pattern` of the block `rearrange` is 3"


def test_two_parameters_that_do_not_go_together(tmp_path: Path) -> None:
    (error,) = errors(tmp_path, spec(tokens(sizes={"k": 3})))
    assert error.message == '`sizes` of the block `rearrange`: `k` is no letter of "b c h w -> b (h w) c"'
    assert told(error).startswith("{")
    (error,) = errors(tmp_path, spec({"use": "softmax", "in": "image", "axis": "c"}))
    assert error.message == '`axis` of the block `softmax`: the axis "c" is no letter of the dims "... d"'
    (error,) = errors(tmp_path, spec({"use": "softmax", "in": "image", "dims": "b c h w"}))
    assert error.expected == "one of b, c, h, w"
    assert told(error) == "softmax"


@pytest.mark.parametrize(
    "wrong",
    [
        spec(tokens(), variants={"other": {"model": {"scores": {"pattern": BAD}}}}),
        spec(tokens(), sweeps={"some": {"model.scores.pattern": [GOOD, BAD]}}),
        spec({"use": "own", "in": "image"}, blocks={"own": OWN}),
    ],
    ids=["variant", "sweep", "composite"],
)  # fmt: skip
def test_wherever_it_stands(tmp_path: Path, wrong: dict[str, Any]) -> None:
    if "sweeps" in wrong:
        (error,) = errors(tmp_path, spec(tokens()), f"model.scores.pattern={BAD}")
    else:
        (error,) = errors(tmp_path, wrong)
    assert LOSES in error.message


def test_what_is_filled_in(tmp_path: Path) -> None:
    inner = {"use": "rearrange", "in": "x", "pattern": "$pattern"}
    own = {"inputs": ["x"], "params": {"pattern": GOOD}, "model": {"a": inner}, "outputs": "a"}
    used = {"use": "own", "in": "image"}
    assert errors(tmp_path, {**HEAD, "blocks": {"own": own}, "model": {"scores": used}}) == []
    (error,) = errors(tmp_path, {**HEAD, "blocks": {"own": own}, "model": {"scores": {**used, "pattern": BAD}}})
    assert error.message == f"`pattern` of the block `rearrange`: {LOSES}, with what is filled in"


USES: dict[str, tuple[str, dict[str, Any]]] = {
    "rearrange": ("pattern", {}), "repeat": ("pattern", {}), "reduce": ("pattern", {}), "einsum": ("pattern", {}),
    "select": ("pattern", {}), "concat": ("dims", {}), "normalise": ("axis", {}), "scale": ("axis", {}),
    "parameter": ("shape", {}), "pool": ("window", {}), "resize": ("scale", {"size": 2}),
}  # fmt: skip
TEXTS = [
    "", "b c -> b c", "b c->c b", "b c -> b", "b -> b c", "b m, b -> b", "b m, b l -> b l", "->", "b ->", "-> b", "b c",
    "b->b->b", "b (c d) -> b c d", "b (c -> b c", "b c, d, e -> b", "é -> é", "b;c", "b\nc", "... d", "b ... d",
    "4 d", "4 4", "c", "d", "...", "b  d", " b d ", "... ...", "$x", "1", 1, 0, 2.5, None, [], [2, 2], [2, 0], {}, True,
]  # fmt: skip


@pytest.mark.parametrize("name", USES)
def test_the_published_schema_accepts_what_is_accepted(real: Judges, name: str) -> None:
    """It refuses what a regular expression can; the check, of which it knows nothing, may refuse more."""
    key, others = USES[name]
    disagreements = []
    for text in TEXTS:
        content = whole({"model": {"node": {"use": name, "in": "image", **others, key: text}}})
        refused = list(real.schema.iter_errors(content))
        if bool(refused) != bool(real.errors(content)):
            disagreements.append((text, [error.message for error in refused][:1]))
    assert disagreements == []


OWN_BLOCK = '''
from jaxtyping import Float
from torch import Tensor, nn
from compose.block import BlockError, block

def even(size: int) -> None:
    if size % 2:
        raise BlockError(f"{size} is odd", parameter="size", expected="an even number")

@block(check=even)
class Halves(nn.Module):
    """Cut in halves.

    Args:
        size: how many there are.
    """

    def __init__(self, *, size: int = 4) -> None:
        super().__init__()
        even(size)

    def forward(self, image: Float[Tensor, "b c h w"]) -> Float[Tensor, "b c h w"]:
        return image
'''


@pytest.mark.parametrize(("size", "message"), [({}, None), ({"size": 6}, None), ({"size": 3}, "3 is odd")])
def test_a_check_of_a_users_block(tmp_path: Path, size: dict[str, int], message: str | None) -> None:
    (tmp_path / "halves.py").write_text(OWN_BLOCK)
    known = Registry(registry().all())
    load_block_file(tmp_path / "halves.py", known)
    file = tmp_path / "spec.yaml"
    file.write_text(json.dumps(spec({"use": "halves", **size})))
    if message is None:
        read_spec(str(file), known=known)
        return
    with pytest.raises(SpecErrors) as caught:
        read_spec(str(file), known=known)
    (error,) = caught.value.errors
    assert (error.message, error.expected) == (f"`size` of the block `halves`: {message}", "an even number")
