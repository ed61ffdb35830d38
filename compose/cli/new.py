"""``compose new``: a commented spec to begin with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from compose.cli.arguments.complete import spec_names

STARTER = "zoo/starter.yaml"
MODELINE = "# yaml-language-server: $schema="


def new(
    name: Annotated[
        Path, typer.Argument(metavar="[NAME.yaml]", help="The file to write; - for standard output.")
    ] = Path("model.yaml"),
    base: Annotated[
        str,
        typer.Option(
            "--from", metavar="SPEC", help="The spec to begin with (`compose list zoo`).", autocompletion=spec_names
        ),
    ] = STARTER,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there already.")] = False,
) -> None:
    """Write a commented spec that trains as it is, to change as you like."""
    from compose.cli.console import done, echo
    from compose.errors import UsageError

    if str(name) == "-":
        echo(_text(base, Path("model.yaml")), end="")
        return
    if not name.name or name.name == "..":
        raise UsageError(f"expected the name of a file to write, such as model.yaml, got `{name}`")
    path = name if name.suffix in (".yaml", ".yml") else name.with_name(f"{name.name}.yaml")
    if path.is_dir():
        raise UsageError(f"{path} is a folder; name another file")
    if path.exists() and not force:
        raise UsageError(f"{path} exists already; --force writes over it")
    if not path.parent.is_dir():
        raise UsageError(f"there is no folder {path.parent}")
    path.write_text(_text(base, path), "utf-8")
    done(f"wrote {path}; check it with `compose validate {path}`, train it with `compose train {path}`")


def _text(base: str, path: Path) -> str:
    """The text of a spec under its new name, its comments kept, with the schema where the editor finds it."""
    from compose.spec.layers.spec_files import find_spec
    from compose.spec.yaml.reader import load_file

    found = find_spec(base)
    load_file(found, name=base)  # whatever is wrong with the file is said as for every spec
    lines = [line for line in found.read_text("utf-8-sig").splitlines() if not line.startswith(MODELINE)]
    text = "\n".join([f"{MODELINE}{_schema()}", *(_renamed(line, base, found, path) for line in lines)]) + "\n"
    return re.sub(r"(?m)^name:[ ]*[^\s#]+", f"name: {_name(path)}", text, count=1)


def _renamed(line: str, base: str, found: Path, path: Path) -> str:
    """A line whose comment names the new file where it named the old one; columns in it stay where they are."""
    code, mark, comment = line.partition("#")
    for old in dict.fromkeys((base, f"zoo/{found.name}", found.name)):
        comment = re.sub(rf"(?<![\w/.-]){re.escape(old)}( *)", lambda m: _filled(m, path), comment)
    return f"{code}{mark}{comment}"


def _filled(old: re.Match[str], path: Path) -> str:
    spaces = len(old[1])
    return str(path) + " " * (max(1, len(old[0]) - len(str(path))) if spaces > 1 else spaces)


def _schema() -> str:
    from importlib.resources import files

    return Path(str(files("compose.specs").joinpath("spec.schema.json"))).as_uri()


def _name(path: Path) -> str:
    """The file's name as the name of a model."""
    from compose.spec.layers.plain_name import plain_name

    return plain_name(path.stem)
