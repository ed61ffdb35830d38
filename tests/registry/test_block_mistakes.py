"""Files of blocks with a mistake each: one clear error, at its line of the file."""

from __future__ import annotations

from pathlib import Path

import pytest

from compose.errors import SpecErrors
from compose.registry.registry import Registry, load_block_file, registry

HEAD = """\
import torch, functools
from typing import Any, NamedTuple, Annotated, Literal
from collections import namedtuple
from dataclasses import dataclass
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn
from compose.block import Dim, Dims, block, loss
"""
MAPS = 'Float[Tensor, "b c h w"]'
CLASS = "@block\nclass Gate(nn.Module):\n    '''Let some of a map through.'''\n"


def gate(init: str = 'channels: Dim[int, " c"]', ports: str = "", result: str = MAPS, *, before: str = "") -> str:
    """A file of one block: `__init__` stands in line 12, `forward` in line 13, after what stands before it."""
    made = f"    def __init__(self, {init}) -> None: super().__init__()\n"
    return f"{HEAD}{before}{CLASS}{made}    def forward(self, maps: {MAPS}{ports}) -> {result}: return maps\n"


def forward(text: str) -> str:
    """A file of one block whose `forward` begins in line 12."""
    return f"{HEAD}{CLASS}{text}\n"


def decorated(decorator: str, before: str = "", init: str = "k: int = 3") -> str:
    """A file of one block with another decorator, in line 9."""
    return gate(init, before=before).replace("@block\n", f"{decorator}\n")


OUT = "class Out(NamedTuple):\n    a: Float[Tensor, 'b']\n    b: Float[Tensor, 'b'] | None = None\n"
MISTAKES: dict[str, tuple[str, int, str]] = {
    # bound sizes
    "bare-dim": (gate("channels: Dim"), 12, "`Dim` of `channels` says no letter of the ports, whose size it would be"),
    "bare-dims": (gate("channels: Dims"), 12, "`Dims` of `channels` says no letter of the ports"),
    "dim-of-later-annotations": (
        "from __future__ import annotations\n" + gate("channels: Dim"),
        13,
        "`Dim` of `channels` says no letter of the ports",
    ),
    "dim-without-type": (gate('channels: Dim["c"]'), 12, "expected a type and the name of a dim, Dim[int"),
    "dim-without-letter": (gate("channels: Dim[int]"), 12, "expected a type and the name of a dim, Dim[int"),
    "bound-default": (gate('channels: Dim[int, " c"] = "x"'), 12, "the default of `channels` is 'x', which its"),
    # defaults
    "default-of-another-type": (gate("k: int = 'three'"), 12, "the default of `k` is 'three', which its annotation"),
    "default-with-a-fraction": (gate("k: int = 1.5"), 12, "the default of `k` is 1.5, which its annotation refuses"),
    "default-none": (gate("k: int = None"), 12, "the default of `k` is None, which its annotation refuses"),
    "default-out-of-range": (gate("k: Annotated[int, Field(gt=0)] = 0"), 12, "the default of `k` is 0, which its"),
    "default-none-of-choices": (gate("k: Literal['a', 'b'] = 'c'"), 12, "the default of `k` is 'c', which its"),
    "pattern-broken": (gate("k: Annotated[str, Field(pattern='[')] = 'x'"), 12, "the annotation of `k` contradicts"),
    "required-after-default": (gate("k: int = 3, m: int"), 12, "this is no Python: non-default argument follows"),
    # ports
    "port-with-a-value": (gate(ports=', x: Float[Tensor, ""] = 1'), 13, "the port `x` has a default that is no None"),
    "port-none-unsaid": (gate(ports=", x: Tensor = None"), 13, "the port `x` has the default None, which its annot"),
    "port-none-undefaulted": (gate(ports=", x: Tensor | None"), 13, "the port `x` may be None, and has no default"),
    "port-of-two-kinds": (gate(ports=", x: Tensor | int = 3"), 13, "the port `x` is no tensor, but `torch.Tensor | in"),
    "port-dict": (gate(ports=", x: dict[str, Tensor] = {}"), 13, "the port `x` is no tensor, but `dict[str, torch"),
    "port-after-star": (gate(ports=", *, x: Tensor"), 13, "`x` of `forward` is no port"),
    "port-keywords": (gate(ports=", **x: Tensor"), 13, "`**x` of `forward` is no port"),
    "dim-that-is-no-name": (gate(result='Float[Tensor, "b 1c h w"]'), 13, "the dim `1c` of the port `out` is no name"),
    "dim-half-a-sum": (gate(result='Float[Tensor, "b c+ h w"]'), 13, "the dim `c+` of the port `out` is no name"),
    "shape-missing": (gate(result="Float[Tensor]"), 13, "this file cannot be imported: an annotation lacks the tensor"),
    # results
    "result-tuple": (gate(result=f"tuple[{MAPS}, {MAPS}]"), 13, "`forward` returns a plain tuple, whose ports have no"),
    "result-dict": (gate(result="dict[str, Tensor]"), 13, "`forward` returns no tensor: `dict[str, torch.Tensor]`"),
    "result-list": (gate(result="list"), 13, "`forward` returns no tensor: `list`"),
    "result-none": (gate(result="None"), 13, "`forward` returns no tensor: `None`"),
    "result-anything": (gate(result="Any"), 13, "`forward` returns no tensor: `Any`"),
    "result-perhaps": (gate(result=f"{MAPS} | None"), 13, "the port `out` may be None, but what reads it needs"),
    "result-of-two-forms": (gate(result=f"{MAPS} | Float[Tensor, 'b c']"), 13, "`forward` returns no tensor: `jaxt"),
    "result-dataclass": (gate(result="Out", before="@dataclass\nclass Out:\n    a: Tensor\n"), 16, "`forward` returns"),
    "result-unnamed-fields": (
        gate(result="Out", before="Out = namedtuple('Out', 'a b')\n"),
        14,
        "the fields of `Out`, which `forward` returns, have no annotations",
    ),
    "result-field-perhaps": (gate(result="Out", before=OUT), 11, "the port `b` may be None, but what reads it needs"),
    # forward
    "forward-generator": (
        forward(f"    def forward(self, maps: {MAPS}) -> {MAPS}: yield maps"),
        12,
        "`forward` of `Gate` has a `yield`",
    ),
    "forward-async": (
        forward(f"    async def forward(self, maps: {MAPS}) -> {MAPS}: return maps"),
        12,
        "`forward` of `Gate` is `async`",
    ),
    "forward-without-self": (
        forward(f"    def forward(maps: {MAPS}) -> {MAPS}: return maps"),
        12,
        "the first argument of `forward` of `Gate` is no `self`",
    ),
    "forward-static": (
        forward(f"    @staticmethod\n    def forward(maps: {MAPS}) -> {MAPS}: return maps"),
        10,
        "`forward` of `Gate` is no method",
    ),
    "forward-lambda": (forward("    forward = lambda self, maps: maps"), 10, "`forward` of `Gate` is no method"),
    "forward-partial": (forward("    forward = functools.partial(max)"), 10, "`forward` of `Gate` is no method"),
    "forward-a-module": (forward("    forward = nn.Identity()"), 10, "`forward` of `Gate` is no method"),
    "forward-missing": (forward("    pass"), 10, "`Gate` has no `forward`, whose arguments and result are the ports"),
    # classes
    "no-module": (gate().replace("(nn.Module)", ""), 10, "`Gate` is no nn.Module"),
    "dataclass": (decorated("@block\n@dataclass"), 11, "`Gate` has an equality of its own and no hash"),
    "abstract": (
        gate().replace("    def __init__",
            "    @__import__('abc').abstractmethod\n    def more(self): ...\n    def __init__")
        .replace("(nn.Module)", "(nn.Module, __import__('abc').ABC)"),
        10,
        "`Gate` leaves more to classes that extend it",
    ),
    "nested": (HEAD + "class Outer:\n    @block\n    class Gate(nn.Module): ...\n", 11, "`Gate` is inside a class or "),
    "undecorated": (gate().replace("@block\n", "\n"), 10, "mine.py has no class with @block, @loss or another decor"),
    "two-of-one-name": (
        gate() + decorated("@block(name='gate')").removeprefix(HEAD).replace("Gate", "Other"),
        15,
        "the block `gate` exists already: `Gate` of mine.py",
    ),
    "made-by-exec": (HEAD + f"exec('''{CLASS}    def forward(self, maps): ...''')\n".replace("'''Let", "'Let").replace(
        "through.'''", "through.'"), 1, "the port `maps` has no annotation"),
    # decorators
    "a-function": (HEAD + "@block\ndef gate(x): ...\n", 9, 'expected a class under @block'),
    "name-without-key": (decorated('@block("gate")'), 9, "expected a class under @block, or @block(name=\"...\"), got"),
    "name-no-text": (decorated("@block(name=3)"), 9, "expected a name of letters, digits and underlines"),
    "name-with-blanks": (decorated("@block(name='my gate')"), 9, "expected a name of letters, digits and underlines"),
    "fixes-a-text": (decorated("@block(fixes='n')"), 9, 'expected letters of dims, @block(fixes=("n",)), got \'n\''),
    "check-no-function": (decorated("@block(check=3)"), 9, "expected a function with a name of its own"),
    "check-of-another": (
        decorated("@block(check=chk)", "def chk(zz): ...\n"),
        9,
        "the check of `Gate` takes `zz`, which is no parameter",
    ),
    "two-decorators": (decorated("@block\n@loss"), 9, "`Gate` has two decorators, @loss and @block: one is enough"),
    # what the file does
    "exit": ("import sys\nsys.exit(3)\n", 2, "this file cannot be imported: it ends the program"),
    "exit-at-once": ("import os\nos._exit(3)\n", 2, "this file cannot be imported: it ends the program"),
    "interrupt": ("raise KeyboardInterrupt\n", 1, "this file cannot be imported: KeyboardInterrupt: no message"),
    "own-exception": ("class X(BaseException): ...\nraise X('boo')\n", 2, "this file cannot be imported: X: boo"),
    "without-end": ("def f(): f()\nf()\n", 1, "this file cannot be imported: it calls itself without end"),
    "assertion": ("assert False\n", 1, "this file cannot be imported: AssertionError: no message"),
    "no-such-module": ("import nowhere\n", 1, "this file cannot be imported: ModuleNotFoundError: No module named 'no"),
    "import-with-a-dot": ("from .helper import x\n", 1, "this file cannot be imported: a file by itself is in no pack"),
    "unterminated": ("x = '''\n", 1, "this is no Python: unterminated triple-quoted string literal"),
    "tabs": ("if 1:\n\tx = 1\n        y = 2\n", 3, "this is no Python: inconsistent use of tabs and spaces"),
    "nul": ("x = 1\n\0", 2, "this file is no text: it has a byte of value 0"),
    "empty": ("", 1, "mine.py has no class with @block, @loss or another decorator of compose.block"),
}  # fmt: skip


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("mine.py")


@pytest.mark.parametrize("name", MISTAKES)
def test_a_mistake_is_one_error_at_its_line(told: Path, name: str) -> None:
    text, line, message = MISTAKES[name]
    told.write_text(text)
    with pytest.raises(SpecErrors) as caught:
        load_block_file(told, Registry(registry().all()))
    assert caught.value.exit_code == 2
    error = caught.value.errors[0]
    assert error.place is not None
    assert (error.place.document.name, error.place.line) == ("mine.py", line)
    assert error.message.startswith(message)


@pytest.mark.parametrize(
    ("content", "line", "message"),
    [
        (b"x = 1\ny = '\xe9'\n", 2, "this file is no text in UTF-8"),
        ("x = 1\n".encode("utf-16"), 1, "this file is no text: it has a byte of value 0"),
        (b"# coding: nowhere\n", 1, "this file is no text: unknown encoding"),
    ],
)
def test_what_is_no_text(told: Path, content: bytes, line: int, message: str) -> None:
    told.write_bytes(content)
    with pytest.raises(SpecErrors) as caught:
        load_block_file(told, Registry([]))
    (error,) = caught.value.errors
    assert error.place is not None
    assert (error.place.line, error.message[: len(message)]) == (line, message)


@pytest.mark.parametrize(
    "text", [gate(), "from __future__ import annotations\n" + gate(), "\ufeff" + gate(), gate("k: float = 1")]
)
def test_what_is_right(told: Path, text: str) -> None:
    told.write_text(text, encoding="utf-8")
    assert [declaration.name for declaration in load_block_file(told, Registry([]))] == ["gate"]


def test_what_a_file_prints_is_no_result(told: Path, capsys: pytest.CaptureFixture[str]) -> None:
    told.write_text("print('hello')\n" + gate())
    load_block_file(told, Registry([]))
    assert capsys.readouterr() == ("", "hello\n")


def test_two_files_with_one_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    known = Registry([])
    for name in ("one.py", "two.py"):
        Path(name).write_text(gate())
    load_block_file(Path("one.py"), known)
    with pytest.raises(SpecErrors, match=r"two\.py:10:7: error: the block `gate` exists already: `Gate` of one\.py"):
        load_block_file(Path("two.py"), known)


def test_a_check_that_fails_itself_is_told_at_its_line(told: Path) -> None:
    from compose.registry.refusal import refusal

    told.write_text(decorated("@block(check=chk)", "def chk(k):\n    raise KeyError('x')\n"))
    (declaration,) = load_block_file(told, Registry([]))
    with pytest.raises(SpecErrors, match=r"mine\.py:10:5: error: the check of `gate` fails: KeyError: 'x'"):
        refusal(declaration, {"k": 3})
