"""Every mistake in a user's file of blocks is told at its line."""

from __future__ import annotations

import importlib
import os
import sys
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from compose.block import Kind
from compose.errors import SpecErrors, UsageError
from compose.registry.block_file import import_block_file, import_entry_point
from compose.registry.contract import BASES
from compose.registry.registry import Registry, load_block_file, registry

HEAD = """\
from __future__ import annotations
from typing import NamedTuple
from jaxtyping import Float
from torch import Tensor, nn
from compose.block import Dim, Dims, block

@block
class Gate(nn.Module):
    \"\"\"Let some of a map through.\"\"\"
"""
INIT = "    def __init__(self, {}) -> None: super().__init__()\n"
FORWARD = '    def forward(self, maps: Float[Tensor, "b c h w"]{}) -> {}: ...\n'
SAME = 'Float[Tensor, "b c h w"]'


def gate(init: str = "size: int", ports: str = "", result: str = SAME) -> str:
    """A file of one block."""
    return HEAD + INIT.format(init) + FORWARD.format(ports, result)


def loss(result: str) -> str:
    """A file of one loss."""
    return gate(result=result).replace("import Dim, Dims, block", "import Dim, Dims, loss").replace("@block", "@loss")


MISTAKES = {
    # the signature of __init__
    gate("channels"): "10:24 `channels` of `Gate` has no annotation",
    gate("use: int"): "10:24 no parameter of `Gate` may be called `use`, a key of the spec language",
    gate("*sizes: int"): "10:25 `*sizes` of `Gate` has no name that a spec could give it by",
    gate("**sizes: int"): "10:26 `**sizes` of `Gate` has no name that a spec could give it by",
    gate("size: int, /"): "10:24 `size` of `Gate` has no name that a spec could give it by",
    gate("net: nn.Module"): "10:24 no spec can set `net`: YAML has no value for `torch.nn.modules.module.Module`",
    gate("size: Int"): "10:24 the annotation of `size` names `Int`, which is not defined",
    gate('é: int, size: Dim["c"]'): (
        "10:32 the annotation of `size` cannot be read: expected a type and the name of a dim, "
        "Dim[int, \" d\"], got Dim['c']"
    ),
    gate('size: Dim[int, " x"]'): "10:24 `size` is bound to `x`, which no input port of `Gate` has",
    gate('size: Dims[tuple[int, ...], " c"]'): "10:24 `size` is bound to `c`, which no input port of `Gate` has",
    # forward
    HEAD + INIT.format("size: int"): "8:7 `Gate` has no `forward`, whose arguments and result are the ports",
    HEAD.replace("(nn.Module)", "") + INIT.format("size: int"): "8:7 `Gate` is no nn.Module",
    gate(ports=", other"): "11:55 the port `other` has no annotation",
    gate(ports=", other: int"): "11:55 the port `other` is no tensor, but `int`",
    gate(ports=", *more: Tensor"): "11:56 `*more` of `forward` is no port: each has a name and a position",
    gate(ports=", *, more: Tensor"): "11:58 `more` of `forward` is no port: each has a name and a position",
    gate(ports=', other: Float[Tensor, "*n *m"]'): (
        "11:55 the annotation of `other` cannot be read: "
        "Cannot use variadic specifiers (`*name` or `...`) more than once."
    ),
    gate(result="tuple[Tensor, Tensor]"): (
        "11:58 `forward` returns a plain tuple, whose ports have no names: `tuple[torch.Tensor, torch.Tensor]`"
    ),
    gate(result="None"): "11:58 `forward` returns no tensor: `None`",
    gate(result="Otu"): "11:58 the annotation of the result names `Otu`, which is not defined",
    gate().replace(f" -> {SAME}", ""): "11:9 what `forward` of `Gate` returns has no annotation",
    gate(result="Out")
    + "class Out(NamedTuple):\n    a: Tensor\n    b: int\n": "14:5 the port `b` of `Out` is no tensor",
    gate(result="Out") + "class Out(NamedTuple):\n    a: Tensr\n": (
        "13:5 the annotation of `a` names `Tensr`, which is not defined"
    ),
    # what a loss gives
    loss('Float[Tensor, " b"]'): "11:58 a loss gives a scalar, but not `forward` of `Gate`",
    loss("Tensor"): "11:58 a loss gives a scalar, but not `forward` of `Gate`",
    loss("Out") + 'class Out(NamedTuple):\n    a: Float[Tensor, ""]\n': (
        "11:58 a loss gives a scalar, but not `forward` of `Gate`"
    ),
    # names
    gate() + HEAD.partition("\n\n")[2]: "13:7 another class of this file has this name",
    # the file
    "def f(:\n": "1:7 this is no Python: invalid syntax",
    "\nimport nowhere_to_be_found\n": (
        "2:1 this file cannot be imported: ModuleNotFoundError: No module named 'nowhere_to_be_found'"
    ),
    "é = 1\nprint(é, undefined_name)\n": (
        "2:10 this file cannot be imported: NameError: name 'undefined_name' is not defined"
    ),
    "raise SystemExit\n": "1:1 this file cannot be imported: it ends the program",
    gate("size: Dim['c']").partition("\n")[2]: (
        "9:30 expected a type and the name of a dim, Dim[int, \" d\"], got Dim['c']"
    ),
}


@pytest.fixture
def told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return Path("mine.py")


@pytest.mark.parametrize("text", MISTAKES)
def test_a_mistake_is_told_at_its_line(told: Path, text: str) -> None:
    told.write_text(text)
    with pytest.raises(SpecErrors) as caught:
        load_block_file(told, Registry(registry().all()))
    assert caught.value.exit_code == 2
    (error,) = caught.value.errors
    assert error.place is not None
    assert error.place.document.name == "mine.py"
    assert f"{error.place.line}:{error.place.column} {error.message}" == MISTAKES[text]


def test_the_message_as_one_reads_it(told: Path) -> None:
    told.write_text(gate('channels: Dim[int, " d"]'))
    with pytest.raises(SpecErrors) as caught:
        load_block_file(told, Registry([]))
    assert str(caught.value) == (
        "mine.py:10:24: error: `channels` is bound to `d`, which no input port of `Gate` has [block-file]\n"
        '   10 |     def __init__(self, channels: Dim[int, " d"]) -> None: super().__init__()\n'
        "      |                        ^^^^^^^^^^^^^^^^^^^^^^^^\n"
        "      expected: one of b, c, h, w"
    )


def test_a_loss_that_gives_a_scalar(told: Path) -> None:
    told.write_text(loss('Float[Tensor, ""]'))
    known = Registry([])
    load_block_file(told, known)
    assert known.find("loss", "gate") is not None


def test_all_mistakes_at_once(told: Path) -> None:
    told.write_text(gate("channels, use: int", ", other", "tuple[Tensor]"))
    with pytest.raises(SpecErrors) as caught:
        load_block_file(told, Registry([]))
    assert [error.place.line for error in caught.value.errors if error.place] == [10, 10, 11, 11]


def test_the_nearest_name_of_an_annotation(told: Path) -> None:
    told.write_text(gate(ports=', other: Flaot[Tensor, "b"]'))
    with pytest.raises(SpecErrors) as caught:
        load_block_file(told, Registry([]))
    assert [error.nearest for error in caught.value.errors] == ["Float"]


def test_two_blocks_of_one_name(told: Path) -> None:
    told.write_text(
        gate()
        + HEAD.partition("\n\n")[2].replace("@block", '@block(name="gate")').replace("Gate", "Other")
        + FORWARD.format("", SAME)
    )
    with pytest.raises(SpecErrors) as caught:
        load_block_file(told, Registry([]))
    (error,) = caught.value.errors
    assert error.message == "the block `gate` exists already: `Gate` of mine.py"
    assert error.expected == 'another name, such as @block(name="my_gate")'


def test_nothing_of_a_file_with_a_mistake_is_registered(told: Path) -> None:
    told.write_text(gate("channels"))
    known = Registry([])
    with pytest.raises(SpecErrors):
        load_block_file(told, known)
    assert known.all() == []


def test_a_file_may_be_read_again_after_an_edit(told: Path) -> None:
    known = Registry([])
    told.write_text(gate())
    load_block_file(told, known)
    told.write_text(gate("other: int").replace("class Gate", "class Edited").replace("@block", '@block(name="gate")'))
    load_block_file(told, known)
    (declaration,) = known.all()
    assert (declaration.qualname, declaration.parameters[0].name) == ("Edited", "other")


def test_files_of_one_name_in_two_folders_are_two_modules(tmp_path: Path) -> None:
    known = Registry([])
    for folder, name in (("a", "Gate"), ("b", "Door")):
        path = tmp_path / folder / "same.py"
        path.parent.mkdir()
        path.write_text(gate().replace("Gate", name))
        load_block_file(path, known)
    assert [known.load("block", name).__name__ for name in ("gate", "door")] == ["Gate", "Door"]


def test_a_file_without_a_block(told: Path) -> None:
    told.write_text("size = 3\n")
    with pytest.raises(SpecErrors, match=r"^mine\.py:1:1: error: mine\.py has no class with @block, @loss or another"):
        load_block_file(told, Registry([]))


def test_an_installed_package_that_cannot_be_imported(told: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    told.write_text("size = 3\nprint(missing)\n")
    monkeypatch.syspath_prepend(str(told.parent.absolute()))
    for value, where in (("mine", "mine.py:2:7"), ("no_such_module", None)):
        with pytest.raises(SpecErrors) as caught:
            import_entry_point(EntryPoint("blocks", value, "compose.blocks"))
        (error,) = caught.value.errors
        assert error.message.startswith(f"the blocks of an installed package, `{value}`, cannot be imported: ")
        assert (str(error.place) if error.place else None) == where


def test_a_file_that_is_not_there(told: Path) -> None:
    with pytest.raises(UsageError, match=r"^--blocks mine\.py: there is no such file$"):
        load_block_file(told, Registry([]))


# --- contracts of other kinds than blocks -------------------------------------------------------------------------


def refusal(told: Path, text: str) -> str:
    told.write_text(text)
    with pytest.raises(SpecErrors) as caught:
        load_block_file(told, Registry([]))
    return str(caught.value)


def test_a_data_source_extends_its_contract(told: Path) -> None:
    text = 'from compose.block import data\n\n@data\nclass Digits:\n    """Digits."""\n'
    assert refusal(told, text) == (
        "mine.py:4:7: error: the data `digits` is no DataSource [block-file]\n"
        "    4 | class Digits:\n"
        "      |       ^^^^^^\n"
        "      expected: `class Digits(DataSource)`, with `from compose.data.source import DataSource`"
    )


def test_members_that_a_data_source_lacks(told: Path) -> None:
    head = "from compose.block import data\nfrom compose.data.source import DataSource\n\n"
    text = f'{head}@data\nclass Digits(DataSource):\n    """Digits."""\n    labels = shapes = None\n'
    assert refusal(told, text) == (
        "mine.py:5:7: error: the data `digits` lacks members of DataSource [block-file]\n"
        "    5 | class Digits(DataSource):\n"
        "      |       ^^^^^^\n"
        "      expected: `split`"
    )


@pytest.mark.parametrize("kind", BASES)
def test_every_contract_is_there(kind: Kind) -> None:
    module, _, name = BASES[kind].rpartition(".")
    base = getattr(importlib.import_module(module), name)
    assert all(issubclass(registry().load(kind, known), base) for known in registry().names(kind))


def test_a_file_that_was_just_changed_is_read_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Python's own cache goes by the second and the size."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    path = tmp_path / "own.py"
    for number in range(5):
        path.write_text(f"NUMBER = {number}\n")
        os.utime(path, (1, 1))
        assert number == import_block_file(path).NUMBER


def test_a_block_with_the_name_of_a_built_in_one_stands_in_its_place(told: Path) -> None:
    """A spec and a block file go on working when a later edition has a block of that name."""
    told.write_text(gate().replace("@block", '@block(name="linear")'))
    known = Registry(registry().all())
    load_block_file(told, known)
    assert known.load("block", "linear").__name__ == "Gate"
    assert [declaration.qualname for declaration in known.replacing.values()] == ["Gate"]
    assert not registry().replacing
