"""Each check finds a block that fails it, at the line of the user's file."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.block_test.block_finding import BlockFinding
from compose.block_test.tried_block import tried_blocks
from compose.errors import SpecErrors, UsageError

BLOCK = '''\
import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor, nn
from torch.nn import functional as F
from compose.block import BlockError, Dim, block

class Twice(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x): return x * 2
    @staticmethod
    def backward(ctx, g): return g * 3

@block
class Gate(nn.Module):
    """Let some of a map through."""
    def __init__(self, size: Dim[int, " c"], {sizes}) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(size))
        self.calls = 0
        {init}
    def forward(self, rows: Float[Tensor, "b c"]{ports}) -> Float[Tensor, "b c"]:
        {forward}
        return rows * self.weight
'''
CLASS, INIT, FORWARD, LINE = 15, 17, 22, 23


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def block(forward: str = "pass", *, init: str = "pass", ports: str = "", sizes: str = "k: int = 3") -> None:
    """Write the file."""
    Path("mine.py").write_text(BLOCK.format(forward=forward, init=init, ports=ports, sizes=sizes))


def found(values: tuple[str, ...] = (), dims: tuple[str, ...] = ()) -> dict[str, BlockFinding]:
    """What each check says of the file's block."""
    (tried,) = tried_blocks("mine.py", values, dims)
    return {outcome.name: outcome for outcome in tried.outcomes()}


def failures(values: tuple[str, ...] = (), dims: tuple[str, ...] = ()) -> dict[str, tuple[str, int]]:
    """Check -> what is wrong and in which line."""
    failed = {name: outcome.error for name, outcome in found(values, dims).items() if outcome.error}
    assert all(error.place and error.place.document.name == "mine.py" for error in failed.values())
    return {name: (error.message, error.place.line) for name, error in failed.items() if error.place}


def test_a_sound_block() -> None:
    block("rows = F.relu(rows)")
    states = {name: outcome.state for name, outcome in found().items()}
    assert {name for name, state in states.items() if state != "ok"} == {"labels", "optional", "indices"}
    assert list(states)[:3] == ["dry run", "ports", "seed"]


def test_the_dry_run() -> None:
    block("if rows.sum() > 0: rows = rows + 1")
    message, line = failures()["dry run"]
    assert (message[:56], line) == ("`gate` fails on these shapes: it asks for a tensor's val", LINE)
    assert list(found()) == ["dry run"]


@pytest.mark.parametrize(
    ("forward", "check", "message", "line"),
    [
        ("if not rows.is_meta: rows = rows[:, :1]; return rows", "ports", "`gate.out` is 4 × 1, but its", FORWARD),
        ("if not rows.is_meta: raise ValueError('no')", "ports", "`gate` fails in training: no", LINE),
        ("rows = rows.log()", "ports", "`out` has values that are not finite for random inputs", FORWARD),
        ("self.calls += 1; rows = rows * self.calls", "repeated", "it gives another result when it is called", FORWARD),
        ("rows = F.dropout(rows)", "repeated", "it gives another result when it is called again", FORWARD),
        ("return rows * 2", "gradients", "no gradient reaches its weights `weight`", FORWARD),
        ("return (rows * self.weight).detach()", "gradients", "no gradient leaves its result, so that its", FORWARD),
        ("rows = (rows - rows).norm(dim=1)[:, None] ** 0.5 + rows", "gradients", "the gradient at `rows`", FORWARD),
        ("rows = Twice.apply(rows)", "gradcheck", "its gradient is wrong: it differs from difference quotie", FORWARD),
        ("rows = rows - rows.mean(0)", "batch", "`out` of one example depends on the other examples of its", FORWARD),
        ("rows = rows * 1e5", "float16", "its result in float16 is not finite", FORWARD),
        (
            "rows = rows + torch.zeros_like(rows).index_add(0, rows.argmax(0)[:4] * 0, rows @ (rows.T @ rows))",
            "autocast",
            "`gate` fails under `precision: bf16`",
            LINE,
        ),
        ("open(__file__).close()", "compile", "torch.compile cannot take it as one graph", LINE),
    ],
)  # fmt: skip
def test_a_check(forward: str, check: str, message: str, line: int) -> None:
    block(forward)
    told = failures()
    assert told[check][0].startswith(message)
    assert told[check][1] == line


def test_weights_that_ignore_the_seed() -> None:
    block(init="self.weight.data = torch.tensor(np.random.default_rng().random(size), dtype=torch.float32)")
    assert failures()["seed"] == ("its weights `weight` are others each time it is made, whatever the seed", CLASS)


def test_weights_that_follow_the_labels() -> None:
    block(
        "rows = rows + (labels.mean(1) @ self.more)[:, None] if False else rows + self.more.sum()",
        sizes='labels: Dim[int, " l"]',
        init="self.more = nn.Parameter(torch.ones(labels))",
        ports=', labels: Float[Tensor, "l c"]',
    )
    told = failures()["labels"]
    assert told == ("its weights `more` follow `l`, which differs from task to task: 5 for 5", INIT)


def test_an_optional_input_that_is_needed() -> None:
    block("rows = rows + more", ports=', more: Float[Tensor, "b c"] | None = None')
    message, line = failures()["optional"]
    assert line == LINE
    assert message.startswith("`gate` fails on these shapes")


def test_what_does_not_apply_says_why() -> None:
    block("return rows", init="del self.weight")
    outcomes = found()
    assert {name: outcome.detail for name, outcome in outcomes.items() if outcome.state == "not applicable"} == {
        "seed": "it has no weights",
        "labels": "no port has a number of labels",
        "optional": "every input is needed",
        "indices": "it gives no whole numbers",
    }


def test_sizes_that_a_block_refuses_can_be_set() -> None:
    block(init="if size != 7: raise BlockError('expected seven')")
    message, line = failures()["dry run"]
    assert (message, line) == ("`gate`: expected seven", CLASS)
    assert failures(dims=("c=7",)) == {}


def test_parameters_are_set_as_in_a_spec() -> None:
    block(init="if k != 4: raise BlockError('expected four', parameter='k')")
    assert failures(values=("k=4",)) == {}
    with pytest.raises(SpecErrors, match=r"^--set k=2:1:4: error: `gate`: expected four \[bad-parameter\]") as caught:
        failures(values=("k=2",))
    assert caught.value.exit_code == 2
    with pytest.raises(SpecErrors, match=r"^--set k=x:1:4: error: `gate`: Input should be a valid integer"):
        failures(values=("k=x",))


@pytest.mark.parametrize(
    ("values", "dims", "message"),
    [
        (("kk=3",), (), r"--set kk: the block `gate` has no such parameter; did you mean `k`\?"),
        (("size=3",), (), "--set size: it is taken from the ports; --dim sets their sizes"),
        (("k",), (), "--set k: expected KEY=VALUE"),
        ((), ("z=3",), "--dim z: no port of `gate` has it; its dims: b, c"),
        ((), ("c",), "--dim c: expected LETTER=SIZE"),
        ((), ("c=0",), "--dim c=0: expected LETTER=SIZE"),
        ((), ("c=²",), "--dim c=²: expected LETTER=SIZE"),
    ],
)
def test_what_means_nothing_to_a_block(values: tuple[str, ...], dims: tuple[str, ...], message: str) -> None:
    block()
    with pytest.raises(UsageError, match=message):
        tried_blocks("mine.py", values, dims)


def test_a_parameter_that_is_needed() -> None:
    block(sizes="k: int")
    with pytest.raises(UsageError, match=r"^the block `gate` needs `k`: --set k=\.\.\. \(an integer\)$"):
        tried_blocks("mine.py", (), ())


def test_names() -> None:
    with pytest.raises(UsageError, match=r"no block or loss `max_similarityy` .* did you mean `max_similarity`"):
        tried_blocks("max_similarityy", (), ())
    with pytest.raises(UsageError, match=r"--blocks gone\.py: there is no such file"):
        tried_blocks("gone.py", (), ())
    Path("mine.py").write_text("x = 1\n")
    with pytest.raises(SpecErrors, match=r"^mine\.py:1:1: error: mine\.py has no class with @block"):
        tried_blocks("mine.py", (), ())


def test_one_number_of_examples() -> None:
    block("rows = rows.reshape(4, -1)")
    assert failures()["batch"][0].startswith("`gate` serves one number of examples alone")


def test_what_differs_from_call_to_call_has_no_difference_quotients() -> None:
    block("self.calls = self.calls + rows; rows = self.calls")
    assert found()["gradcheck"].detail == "it gives something else whenever it is called"


BEST = '''\
import torch
from jaxtyping import Float, Int64
from torch import Tensor, nn
from compose.block import block

@block
class Best(nn.Module):
    """The place of the greatest entry."""
    def forward(self, rows: Float[Tensor, "b c"]) -> Int64[Tensor, "b"]:
        return rows.argmax(1)
    {says}
'''


@pytest.mark.parametrize(
    ("says", "state", "detail"),
    [
        ("", "not applicable", "it gives whole numbers in `out`; its method `index_ranges` does not say which"),
        ("return {'out': range(inputs['rows'].shape[1])}", "ok", "`index_ranges` holds for `out`"),
        ("return {'out': range(1)}", "failed", "and `index_ranges` says range(0, 1)"),
    ],
)
def test_whole_numbers_that_count_entries(says: str, state: str, detail: str) -> None:
    method = f"def index_ranges(self, inputs, known): {says}" if says else ""
    Path("mine.py").write_text(BEST.format(says=method))
    outcome = found()["indices"]
    assert outcome.state == state
    assert detail in outcome.detail
