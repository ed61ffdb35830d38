"""The page of a packaged spec has its graph, its equations, all figures of its paper and every deviation."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from compose.registry.registry import registry
from compose.spec.deviations import SECTIONS
from compose.spec.layers.spec_files import table_names, zoo_names
from tools.rooms import ROOT
from tools.site.markdown import prose
from tools.site.models import result_pages
from tools.site.models.graph_picture import graph_picture
from tools.site.models.packaged_spec import PackagedSpec
from tools.site.models.spec_page import spec_page
from tools.site.models.table_page import packaged_tables, table_page

PAPERS = ("desire-net", "lesa", "ml2p", "rgcn-posvae", "stanet")
ABOUT = ("protocol", "tasks", "metric")
PAGES = {name: spec_page(PackagedSpec(name)) for name in zoo_names()}
EACH = pytest.mark.parametrize("name", zoo_names())
OF_A_PAPER = pytest.mark.parametrize("name", [f"zoo/{paper}.yaml" for paper in PAPERS])


def written(name: str) -> Any:
    """The file as it is, with what it extends left out."""
    return yaml.load((ROOT / name).read_text("utf-8"), Loader=yaml.CSafeLoader)


def section(name: str, title: str) -> str:
    """What stands on a page under a heading."""
    return PAGES[name].partition(f"\n## {title}\n")[2].partition("\n## ")[0]


def below(value: Any, key: str) -> Iterator[Any]:
    """Everything under a key anywhere in a file."""
    if isinstance(value, dict):
        yield from (inner for name, inner in value.items() if name == key)
        for inner in value.values():
            yield from below(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from below(inner, key)


@EACH
def test_the_page_begins_with_the_paper_and_the_commands(name: str) -> None:
    spec, head = written(name), PAGES[name].partition("\n## ")[0]
    assert prose(PackagedSpec(name).values["description"]) in head
    assert f"\ncompose train {name}" in head or name == "zoo/starter.yaml"
    for text in (spec.get("paper") or {}).get("title"), (spec.get("paper") or {}).get("venue"):
        assert text is None or prose(text) in head
    offered = [name for key in ("variants", "sweeps") for name, layer in (spec.get(key) or {}).items() if layer]
    assert all(f"`{name}`" in head for name in offered)
    assert (ROOT / name).read_text("utf-8").strip() in PAGES[name]


@EACH
def test_every_node_and_loss_has_a_row_with_its_block(name: str) -> None:
    spec, text = written(name), section(name, "Equations")
    for part in ("model", "loss"):
        for node, entry in (spec.get(part) or {}).items():
            if entry and "use" in entry and not (spec.get("blocks") or {}).get(entry["use"]):
                rows = [line for line in text.splitlines() if line.startswith(f"| `{node}` |")]
                assert any(f"[`{entry['use']}`](" in row for row in rows), node


@OF_A_PAPER
def test_the_equations_of_the_blocks_stand_beside_them(name: str) -> None:
    text = section(name, "Equations")
    layers = [written(name), *written(name)["variants"].values()]
    used = {used for layer in layers for part in ("model", "loss", "blocks") for used in below(layer.get(part), "use")}
    found = [d for kind in ("block", "loss") for each in used if (d := registry().find(kind, each))]  # type: ignore[arg-type]
    assert len(found) > 3
    for declaration in found:
        (row, *_) = (line for line in text.splitlines() if f"[`{declaration.name}`](" in line)
        assert prose(declaration.reference) in row


def numbers(value: Any) -> Iterator[float]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from () if key in ABOUT else numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from numbers(inner)
    elif isinstance(value, int | float):
        yield float(value)


@EACH
def test_every_printed_figure_stands_in_a_table(name: str) -> None:
    text = re.sub(r"^\| model \|(?:.*\n\|)*.*", "", section(name, "Figures"), flags=re.MULTILINE)  # ours, too
    cells = re.findall(r"\| (-?\d+(?:\.\d+)?) (?=\|)", text)
    assert Counter(map(float, cells)) == Counter(numbers(PackagedSpec(name).figures))


@OF_A_PAPER
def test_every_table_has_its_rows_and_its_protocol(name: str) -> None:
    text, known = section(name, "Figures"), written(name)["paper"]["figures"]
    tables = [key for key in known if key not in ABOUT]
    assert tables
    for table in tables:
        title = re.sub(r"(\d+)", r" \1", table).capitalize()
        parts = [part for part in re.split(r"^### ", text, flags=re.M) if re.match(rf"{title}\b", part)]
        assert parts, f"{table} is missing"
        assert all("Measured on: " in part for part in parts)
    for sentence in known["protocol"].values():
        if isinstance(sentence, str) and sentence not in known["protocol"]:
            assert prose(" ".join(sentence.split())) in text


@EACH
def test_every_deviation_of_the_spec_and_its_variants_is_listed(name: str) -> None:
    text, spec = section(name, "Deviations"), written(name)
    layers = {"": spec, **(spec.get("variants") or {})}
    for variant, layer in layers.items():
        title = f"### With `-v {variant}`\n" if variant else "### Of the spec\n"
        said = ((layer or {}).get("paper") or {}).get("deviates") or {}
        listed = text.partition(title)[2].partition("\n### ")[0]
        for key, sentence in said.items():
            if sentence is None and not variant:  # of what it extends
                continue
            told = "no longer" if sentence is None else prose(" ".join(sentence.split()))
            assert any(line.startswith(f"- `{key}`: {told}") for line in listed.splitlines()), (variant, key)


@EACH
def test_every_deviation_of_what_it_uses_is_listed(name: str) -> None:
    text = section(name, "Deviations").partition("### Of what it uses\n")[2]
    spec = written(name)
    used = {str(used) for key in ("use", "stage") for used in below(spec, key) if isinstance(used, str)}
    kinds = {kind for kinds in SECTIONS.values() for kind in kinds}
    for declaration in (d for d in registry().all() if d.name in used and d.kind in kinds and d.deviates):
        (line,) = (line for line in text.splitlines() if line.startswith(f"- [`{declaration.name}`]("))
        assert prose(declaration.deviates) in line


@OF_A_PAPER
def test_the_graph_is_drawn_with_its_shapes(name: str) -> None:
    spec = PackagedSpec(name)
    picture = graph_picture(spec)
    assert f"]({spec.stem}.svg)" in PAGES[name]
    assert all(f">{node}<" in picture for node in spec.spec.plan.nodes if node != "layers")
    assert "×" in picture


def test_the_pages_of_results_that_name_a_spec_are_linked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "table-3.md").write_text("# Table 3\n\n`compose sweep zoo/ml2p.yaml`\n", "utf-8")
    (tmp_path / "index.md").write_text("`zoo/lesa.yaml`\n", "utf-8")
    monkeypatch.setattr(result_pages, "RESULTS", tmp_path)
    assert "\nOurs: [Table 3](../results/table-3.md).\n" in spec_page(PackagedSpec("zoo/ml2p.yaml"))
    assert "Ours:" not in spec_page(PackagedSpec("zoo/lesa.yaml"))


@pytest.mark.parametrize("name", table_names())
def test_every_table_has_a_page_with_its_rows_and_is_named_by_its_paper(name: str) -> None:
    (found,) = (each for each in packaged_tables() if each.file == name)
    page, file = table_page(found), written(name)
    assert f"\ncompose sweep {name}" in page
    for row, entry in file["rows"].items():
        (line,) = (line for line in page.splitlines() if line.startswith(f"| {prose(row)} |"))
        assert "left out" in line if "left_out" in entry else f"[`{entry.get('spec', file.get('spec'))}`](" in line
        assert "printed" not in entry or f"| `{entry['printed']}` |" in line
    if "paper" in file:
        assert f"](tables/{Path(name).stem}.md)" in section(file["paper"], "Figures")


def test_our_figures_stand_under_the_table_that_they_rebuild(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    table = "| model | zsl mAP |\n| --- | ---: |\n| CONSE | 32.3 |"
    text = f"# Ours\n\n`compose sweep zoo/tables/lesa-table1.yaml`\n\n{table}\n\n- a note\n"
    (tmp_path / "lesa-table1.md").write_text(text, "utf-8")
    monkeypatch.setattr(result_pages, "RESULTS", tmp_path)
    page = spec_page(PackagedSpec("zoo/lesa.yaml"))
    rebuilt = page.partition("### Table 1, open-images")[2].partition("\n### ")[0]
    assert "Ours: [Ours](../results/lesa-table1.md)." in rebuilt
    assert rebuilt.endswith(f"the others of those that come along.\n\n{table}\n")
    assert page.count(table) == 1
