"""The site's reference has everything that a spec may name, with all that it declares, and its examples are right."""

from __future__ import annotations

import re
from typing import Any

import pytest
import typer
from typer.main import get_command

import compose
from compose.block_test.block_checker import subject
from compose.cli.app import app
from compose.registry.declaration import Declaration
from compose.registry.registry import registry
from compose.spec.layers.merge import merge
from compose.spec.layers.packaged import with_packaged
from compose.spec.layers.resolve import resolve
from compose.spec.schema.check import Checker
from compose.spec.wiring.reserved import RESERVED
from compose.spec.yaml.reader import load_text
from compose.spec.yaml.tree import Mapping, plain
from compose.spec.yaml.writer import flow
from tools.site.markdown import prose
from tools.site.reference.class_code import module_file
from tools.site.reference.command_pages import command_pages
from tools.site.reference.declaration_pages import declaration_pages, page_of
from tools.site.reference.equation_lines import equation_lines
from tools.site.reference.inputs_page import inputs_page
from tools.site.reference.overview import overview
from tools.site.reference.python_page import python_page

DECLARATIONS = registry().all()
EACH = pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda d: f"{d.kind}-{d.name}")
PAGES = declaration_pages()
OVERVIEW = overview()


def entry(declaration: Declaration) -> str:
    """What the page says of one thing, up to the next."""
    found = re.split(r"^## (\S+) \{#\S+\}$", PAGES[page_of(declaration)], flags=re.MULTILINE)
    return found[found.index(declaration.name) + 1]


def row(text: str, name: str) -> str:
    """The rest of the row of a table that begins with a name."""
    return next(line for line in text.splitlines() if line.startswith(f"| `{name}` |"))


def cell(text: str) -> str:
    return " ".join(prose(text).split()).replace("|", r"\|")


@EACH
def test_ports_and_parameters_stand_with_their_shapes_defaults_and_meanings(declaration: Declaration) -> None:
    text = entry(declaration)
    for title, ports in (("in", declaration.inputs), ("out", declaration.outputs)):
        (table,) = re.findall(rf"^\| {title} \|.*?\n\n", text, re.MULTILINE | re.DOTALL) if ports else ("",)
        for port in ports:
            assert f"`{port.shape}`" in row(table, port.name)
            assert cell(port.doc) in row(table, port.name)
    parameters = text.partition("| parameter |")[2]
    for parameter in declaration.parameters:
        shown = row(parameters, parameter.name)
        assert cell(parameter.doc) in shown
        assert parameter.required == ("| required |" in shown)
        assert parameter.default is None or f"| `{flow(parameter.default)}` |" in shown
    for size in declaration.sizes:
        assert f"`{size.dim}`" in row(parameters, size.name)


@EACH
def test_what_it_does_where_it_comes_from_and_where_it_departs_from_that(declaration: Declaration) -> None:
    text = entry(declaration)
    for said in (declaration.summary, declaration.doc, declaration.reference, declaration.deviates):
        assert prose(said) in text
    assert all(f"`{name}`" in text for name in declaration.gives)
    assert f"`{declaration.name}`]({page_of(declaration).removeprefix('reference/')}#" in OVERVIEW


@pytest.mark.parametrize("declaration", [d for d in DECLARATIONS if d.kind in ("block", "loss", "metric", "composite")])
def test_the_code_of_what_computes_stands_with_it(declaration: Declaration) -> None:
    text = entry(declaration)
    named = f"class {declaration.qualname}" if declaration.kind != "composite" else "\noutputs:"
    assert named in text.partition("<details")[2]


def example(declaration: Declaration) -> Mapping:
    (found,) = re.findall(r"^````yaml\n(.*?)\n````$", entry(declaration).partition("<details")[0], re.M | re.S)
    tree = load_text(found, declaration.name)
    assert isinstance(tree, Mapping)
    return tree


@EACH
def test_the_example_is_valid(declaration: Declaration) -> None:
    tree = merge(resolve("zoo/starter.yaml").tree, example(declaration))
    assert isinstance(tree, Mapping)
    checker = Checker(registry())
    checker.check(with_packaged(tree, registry()))
    assert checker.errors == []
    values: Any = plain(example(declaration))
    assert declaration.name in str(values)


SIZES = {"backbone": {"i": 3, "y": 32, "x": 32}, "imagenet_head": {"c": 512, "k": 1000}}
"""Blocks that do not take any size, and what they take."""
TRIED = [d for d in DECLARATIONS if d.kind in ("block", "loss") and not d.module.startswith("compose.blocks.core.")]
"""``tests/blocks/core/test_core_blocks.py`` runs those of the core, whose patterns ask for tensors of their own."""


@pytest.mark.parametrize("declaration", TRIED, ids=lambda d: d.name)
def test_the_example_of_a_block_runs(declaration: Declaration) -> None:
    values: Any = plain(example(declaration))
    (shown,) = (values.get("model") or values["loss"]).values()
    params = {key: value for key, value in shown.items() if key not in ("use", "in", "weight")}
    trial = subject(registry(), declaration, params, SIZES.get(declaration.name, {}))
    inputs = trial.inputs()
    trial.check_shapes(inputs, trial.called(trial.made(), inputs, "cannot be called"))


@pytest.mark.parametrize("name", RESERVED)
def test_every_reserved_input_has_a_row(name: str) -> None:
    (line,) = (line for line in inputs_page().splitlines() if f"`{name}` |" in line)
    assert f"`{' '.join(RESERVED[name].dims)}`, {RESERVED[name].dtype}" in line
    assert cell(RESERVED[name].doc) in line


def commands() -> dict[str, Any]:
    return dict(get_command(app).commands)  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", commands())
def test_every_command_has_a_page_with_its_options(name: str) -> None:
    page = command_pages()[f"reference/commands/{name}.md"]
    assert f"[`compose {name}`]({name}.md)" in command_pages()["reference/commands/index.md"]
    for command in [commands()[name], *getattr(commands()[name], "commands", {}).values()]:
        context = typer.Context(command, info_name=f"compose {name}")
        for parameter in command.params:
            said, meaning = parameter.get_help_record(context) or ("", "")
            assert f"| `{said}` | {cell(meaning)} |" in page or not said


def test_the_python_page_has_everything_that_is_exported() -> None:
    assert sorted(re.findall(r"^::: compose\.(\w+)$", python_page(), re.MULTILINE)) == sorted(compose.__all__)


def test_the_lines_that_compute_equations_stand_beside_their_numbers() -> None:
    blocks = {d.name: d for d in DECLARATIONS if d.kind == "block"}
    assert [line.equation for line in equation_lines(blocks["group_attention"])] == ["eq. 6", "eq. 7"]
    encoder = equation_lines(blocks["ml2p_encoder"])  # in the modules that it is made of
    assert [line.equation for line in encoder] == ["eq. 1", "eq. 2", "eq. 3", "eq. 4", "eq. 5"]
    assert f"| eq. 2 | `{encoder[1].code}` |" in entry(blocks["ml2p_encoder"])
    assert "enhanced = " in encoder[1].code
    assert equation_lines(blocks["linear"]) == []


@EACH
def test_no_equation_in_the_code_of_a_block_is_left_out(declaration: Declaration) -> None:
    file = module_file(declaration.module)
    numbers = (
        re.findall(r"  # .*(eq\. \d+(?:-\d+)?)", file.read_text("utf-8")) if declaration.kind != "composite" else []
    )
    assert not numbers or declaration.kind in ("block", "loss")
    assert all(f"| {number} | `" in entry(declaration) for number in numbers)
