"""The rules between the parts: who may import whom, and that everything a spec may name is documented."""

from __future__ import annotations

import ast
import re
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path

import pytest

from compose.registry.declaration import Declaration
from compose.registry.registry import registry
from tools.draw_rooms import PICTURE, draw
from tools.rooms import FLOORS, PARTS, ROOT, imports, modules, uses

DECLARATIONS = registry().all()
MOST_FILES = 22
"""In one folder: what a reader takes in."""


def test_rooms_use_only_the_floors_under_them() -> None:
    floor = {name: number for number, names in enumerate(FLOORS) for name in names}
    assert [said for (upper, lower), said in uses().items() if floor[lower] <= floor[upper]] == []


def test_the_picture_of_the_rooms_is_that_of_the_code() -> None:
    """``python -m tools.draw_rooms`` draws it anew."""
    assert PICTURE.read_text("utf-8") == draw()


def _imports_at_once(tree: ast.Module) -> Iterator[str]:
    """What importing a module imports: not what its functions do, nor what only type checkers see."""
    for node in tree.body:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module


def test_the_command_line_imports_nothing_heavy_before_a_command_runs() -> None:
    light = ("compose.cli", "compose.errors", "compose.shown", "compose.spec.yaml.writer")
    for path in (ROOT / "compose" / "cli").rglob("*.py"):
        names = [name for name in _imports_at_once(ast.parse(path.read_text("utf-8"))) if name != "compose"]
        rooms = [name for name in names if name.startswith("compose") and not _inside(name, light)]
        others = {name.split(".")[0] for name in names} & {"torch", "numpy", "PIL", "rich", "networkx", "yaml"}
        assert rooms == [], path
        assert others == set(), path


def test_prediction_knows_no_console() -> None:
    for path in (ROOT / "compose" / "prediction").rglob("*.py"):
        tree = ast.parse(path.read_text("utf-8"))
        assert not [name for name in imports(path) if name.split(".")[0] in ("rich", "typer")], path
        called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
        assert not called & {"print", "sys.stdout.write", "sys.stderr.write"}, path


def test_every_file_has_a_name_of_its_own() -> None:
    files = [path.name for _, path in modules() if path.name != "__init__.py"]
    assert [name for name, count in Counter(files).items() if count > 1] == []


def test_every_public_class_and_type_alias_has_a_name_of_its_own() -> None:
    homes = defaultdict(list)
    for _, path in modules():
        for name in _types(ast.parse(path.read_text("utf-8"))):
            homes[name].append(str(path.relative_to(ROOT)))
    assert {name: paths for name, paths in homes.items() if len(paths) > 1} == {}


def _types(tree: ast.Module) -> Iterator[str]:
    """The public classes and type aliases of a module: ``class X``, ``X: TypeAlias = ...`` and ``X = ...``."""
    for node in tree.body:
        match node:
            case ast.ClassDef(name=name):
                pass
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                pass
            case _:
                continue
        if re.fullmatch(r"[A-Z][A-Za-z0-9]*", name) and not name.isupper():
            yield name


def test_what_counts_as_a_public_type() -> None:
    lines = (
        "class A1a: ...",
        "B2b: TypeAlias = int",
        "C3c = list[int]",
        "OF_ONE: int = 1",
        "_D = int",
        "class _E: ...",
    )
    tree = ast.parse("\n".join(lines))
    assert list(_types(tree)) == ["A1a", "B2b", "C3c"]


def test_a_folder_can_be_taken_in_at_a_glance() -> None:
    """A mistake and the message that it must give, ``x.yaml`` and ``x.txt``, are taken in as one."""
    crowded = Counter(path.parent for path in _files() if not _is_message(path))
    assert {str(folder.relative_to(ROOT)): count for folder, count in crowded.items() if count > MOST_FILES} == {}


def _files() -> Iterator[Path]:
    for part in (*PARTS, "tests", "docs", "zoo", "tools", "benchmarks"):
        yield from (path for path in (ROOT / part).rglob("*") if path.is_file() and "__pycache__" not in path.parts)


def _is_message(path: Path) -> bool:
    return path.suffix == ".txt" and path.with_suffix(".yaml").exists()


@pytest.mark.parametrize("folder", ["compose", "blocks", "graphs", "tools"])
def test_no_conditional_expression_holds_another(folder: str) -> None:
    """``x if a else y if b else z`` is a table or a function with a name."""
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for path in sorted((ROOT / folder).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.IfExp) and sum(isinstance(inner, ast.IfExp) for inner in ast.walk(node)) > 1
    ]
    assert found == []


def test_no_class_bears_the_name_of_a_typing_construct() -> None:
    taken = {"Protocol", "Any", "Literal", "Generic"}
    for _, path in modules():
        names = {node.name for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.ClassDef)}
        assert not names & taken, path


@pytest.mark.parametrize("folder", ["blocks", "graphs"])
def test_blocks_and_graphs_know_only_the_contract(folder: str) -> None:
    allowed = ("compose.block", "compose.digest", "compose.blocks", "compose.graphs")
    for path in (ROOT / folder).rglob("*.py"):
        foreign = [name for name in imports(path) if name.startswith("compose") and not _inside(name, allowed)]
        assert foreign == [], f"{path.name} imports {foreign}"


def _inside(name: str, allowed: tuple[str, ...]) -> bool:
    return any(name == part or name.startswith(f"{part}.") for part in allowed)


def test_the_framework_imports_no_block() -> None:
    for path in (ROOT / "compose").rglob("*.py"):
        assert not [name for name in imports(path) if _inside(name, ("compose.blocks",))], path


def test_the_framework_names_no_block() -> None:
    names = "|".join(re.escape(d.name) for d in DECLARATIONS if d.kind in ("block", "loss") and "_" in d.name)
    for path in (ROOT / "compose").rglob("*.py"):
        strings = [
            node.value for node in ast.walk(ast.parse(path.read_text("utf-8"))) if isinstance(node, ast.Constant)
        ]
        found = [text for text in strings if isinstance(text, str) and re.fullmatch(names, text)]
        assert found == [], path


def _registered() -> dict[str, tuple[str, str]]:
    """Module -> the kind and name of a class that a spec may name, where the module defines one."""
    kinds = {"metric", "stage", "data", "vectors", "graph"}
    return {d.module: (d.kind, d.name) for d in DECLARATIONS if d.kind in kinds}


def test_the_framework_names_no_metric_stage_or_source() -> None:
    """A framework module asks for a contract, never for one of those that meet it; those may build on one another."""
    homes = _registered()
    found = []
    for path in sorted((ROOT / "compose").rglob("*.py")):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts)
        own = homes.get(name, ("",))[0]
        found += [f"{name} imports {used}" for used in imports(path) if homes.get(used, (own,))[0] != own]
    assert set(found) == OF_ONE.keys()


OF_ONE = {
    "compose.training.stages.maml_work imports compose.training.stages.maml": "the work of that stage",
    "compose.api.graph_of_labels imports compose.graphs.label_graphs.wup_graph": "the graph of a spec that names none",
}
"""Modules that are about one of them."""


LOOKED_UP = {
    "compose/api/reading.py": "numbers and arrays of a dict are of any library",
    "compose/cli/failures.py": "errors of click's are known by their members: it is not imported before one is raised",
    "compose/data/vectors/label_division.py": "libyaml's loader is there or not",
    "compose/model/fit.py": "a block's result may be a NamedTuple of its author's",
    "compose/prediction/given_pictures.py": "pictures are arrays of any library",
    "compose/registry/contract.py": "a member is abstract or any other thing",
    "compose/registry/introspect.py": "classes of any author are read as they are",
    "compose/registry/parameters.py": "annotations of any author are read as they are",
    "compose/registry/ports.py": "annotations of any author are read as they are",
    "compose/spec/yaml/reader.py": "libyaml's loader is there or not; its errors have a place or not",
    "compose/training/allocator.py": "the C library is glibc or not",
    "compose/training/logging/graph_def.py": "a function in a graph may have no name",
    "compose/training/update.py": "a precision of Fabric's has a gradient scaler or not",
}
"""Where a member is looked up by its name, because it is none of our own classes'."""


def test_declared_members_are_not_looked_up_by_name() -> None:
    """``getattr(x, "name", None)`` is a member that no contract names; so is ``hasattr(x, "name")``."""
    found = {
        str(path.relative_to(ROOT))
        for path in (ROOT / "compose").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and _looks_up(node)
    }
    assert found - LOOKED_UP.keys() == set()
    assert LOOKED_UP.keys() - found == set(), "no longer needed"


def _looks_up(call: ast.Call) -> bool:
    needed = {"getattr": 3, "hasattr": 2}.get(ast.unparse(call.func), 99)
    return len(call.args) >= needed and isinstance(call.args[1], ast.Constant)


@pytest.mark.parametrize("declaration", DECLARATIONS, ids=lambda d: f"{d.kind}-{d.name}")
def test_everything_is_documented(declaration: Declaration) -> None:
    assert declaration.summary.endswith(".")
    undocumented = [p.name for p in declaration.parameters if not p.doc]
    undocumented += [port.name for port in (*declaration.inputs, *declaration.outputs) if not port.doc]
    assert undocumented == []


def test_one_file_walks_through_the_users_folders() -> None:
    """:mod:`compose.data.folders` has the one rule of what is hidden in a folder or an archive of the user's."""
    walks = {"iterdir", "glob", "rglob", "walk", "fwalk", "scandir", "listdir", "namelist", "infolist", "iglob"}
    found = [
        f"{path.relative_to(ROOT)}:{node.lineno}"
        for room in ("data", "prediction")
        for path in sorted((ROOT / "compose" / room).rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func).rpartition(".")[2] in walks
    ]
    assert {place.partition(":")[0] for place in found} == {"compose/data/folders.py"}, found


def test_no_pickle_no_eval() -> None:
    for part in ("compose", "blocks", "graphs"):
        for path in (ROOT / part).rglob("*.py"):
            for node in ast.walk(ast.parse(path.read_text("utf-8"))):
                if isinstance(node, ast.Call):
                    _check_call(node, path)


def _check_call(node: ast.Call, path: Path) -> None:
    name = ast.unparse(node.func)
    assert name.split(".")[0] not in ("pickle", "marshal", "shelve", "dill", "cloudpickle", "joblib"), path
    assert name not in ("eval", "exec", "yaml.load", "yaml.unsafe_load", "np.load", "numpy.load") or _is_safe(node), (
        path
    )
    if name == "torch.load":
        assert any(k.arg == "weights_only" and ast.unparse(k.value) == "True" for k in node.keywords), path


def _is_safe(node: ast.Call) -> bool:
    """numpy.load without pickles."""
    keywords = {keyword.arg: ast.unparse(keyword.value) for keyword in node.keywords}
    return ast.unparse(node.func).endswith(".load") and keywords.get("allow_pickle", "False") == "False"
