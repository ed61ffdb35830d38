"""A table file: which specs, with what laid over them, rebuild a table of a paper, row by row."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from compose.errors import Place, SpecError, SpecErrors, nearest
from compose.spec.layers.override import SweepText
from compose.spec.layers.resolve import Resolved, resolve
from compose.spec.layers.spec_files import find_spec, folder_of, holds_table, is_there
from compose.spec.layers.sweep import Member, Written, axes, grid, short_keys
from compose.spec.schema.explain import Subject, explain
from compose.spec.schema.faults import faults
from compose.spec.schema.table_schema import TABLE_FILE
from compose.spec.yaml.reader import load_file
from compose.spec.yaml.tree import Mapping, Scalar, Sequence, Tree, plain
from compose.spec.yaml.writer import flow


@dataclass(frozen=True)
class TableRow:
    """A row, as the file has it.

    Args:
        name: what the paper calls it.
        spec: the spec that is trained, as it is found from the current folder; "" where it is left out.
        members: what is laid over the spec: one member, or those of a sweep; none where the spec cannot be read.
        printed: the row of ``paper.figures``; None where nothing is printed of it.
        left_out: why it is not trained; "" where it is.
        place: where the file has it.
    """

    name: str
    spec: str
    members: tuple[Member, ...] = ()
    printed: Scalar | None = None
    left_out: str = ""
    place: Place | None = None


@dataclass(frozen=True)
class TableFile:
    """What a table file says.

    Args:
        file: as the user named it.
        title: what it is of.
        rows: in the order of the paper.
        paper: the spec whose paper has the table; "" where it is of none.
        table: which table of the paper; "" where it is of none.
        metrics: the columns; all where there are none.
        needs: what the rows need that does not come along; "" for nothing.
        tree: what stands in the file, with its places.
        errors: its mistakes; what has one is left out of the rest.
    """

    file: str
    title: str
    rows: tuple[TableRow, ...]
    paper: str = ""
    table: str = ""
    metrics: tuple[str, ...] = ()
    needs: str = ""
    tree: Mapping | None = field(default=None, repr=False)
    errors: tuple[SpecError, ...] = ()

    @property
    def name(self) -> str:
        """Its file's name."""
        return Path(self.file).stem


def is_table(name: str) -> bool:
    """Whether a name is that of a table file, which can be read."""
    path = find_spec(name)
    if path.suffix not in (".yaml", ".yml") or not path.is_file():
        return False
    try:
        tree = load_file(path, name=name)
    except SpecErrors:
        return False
    return holds_table(tree)


def read_table(name: str) -> TableFile:
    """Read a table file; the specs that it names are found, with their sweeps, and not checked.

    Args:
        name: its path, or its packaged name.

    Raises:
        SpecErrors: it is of another form than a table.
    """
    path = find_spec(name)
    tree = load_file(path, name=name, folder=folder_of(path))
    found = [explain(fault, Subject("the table", "key")) for fault in faults(tree, TABLE_FILE)]
    if found or not isinstance(tree, Mapping):
        raise SpecErrors(found)
    reader = _Reader(path.parent, tree)
    rows = tuple(reader.rows())
    texts = {key: str(plain(value)) for key, value in tree.items.items() if isinstance(value, Scalar)}
    metrics = tree.get("metrics")
    return TableFile(
        name, " ".join(texts["title"].split()), rows, reader.paper, texts.get("table", ""),
        tuple(plain(metrics)) if metrics else (), " ".join(texts.get("needs", "").split()), tree, tuple(reader.errors),
    )  # fmt: skip


class _Reader:
    """Reads the rows of a table; collects its mistakes.

    Args:
        folder: where the file lies.
        tree: what stands in it.
    """

    def __init__(self, folder: Path, tree: Mapping) -> None:
        self.errors: list[SpecError] = []
        self._folder, self._tree = folder, tree
        self._known: dict[str, Resolved | None] = {}
        self._paired()
        paper = self._spec(tree.get("paper"))
        self.paper = paper if tree.get("table") is not None and self._known.get(paper) else ""

    def rows(self) -> Iterator[TableRow]:
        """Each row."""
        rows = self._tree.get("rows")
        assert isinstance(rows, Mapping), "the schema says so"
        for name, row in rows.items.items():
            assert isinstance(row, Mapping), "the schema says so"
            yield self._row(name, row, rows.keys[name])

    def _paired(self) -> None:
        """A table is one of a paper."""
        for key, other in (("paper", "table"), ("table", "paper")):
            at = self._tree.get(key)
            if at is not None and self._tree.get(other) is None:
                message = f"the table has `{key}`, but not `{other}`"
                self.errors.append(SpecError("missing-key", message, self._tree.keys[key], "both, or none of them"))

    def _row(self, name: str, row: Mapping, place: Place) -> TableRow:
        printed = row.get("printed")
        made = TableRow(name, "", printed=printed if isinstance(printed, Scalar) else None, place=place)
        if printed is not None and self._tree.get("paper") is None:
            message = f"`{name}` names a printed row, but the table names no paper"
            self.errors.append(SpecError("missing-key", message, printed.place, "`paper:` and `table:` of the table"))
        left_out = row.get("left_out")
        if left_out is not None:
            self._only_printed(name, row)
            return replace(made, left_out=" ".join(str(plain(left_out)).split()))
        named = row.get("spec") or self._tree.get("spec")
        if named is None:
            message = f"`{name}` names no spec, and neither does the table"
            self.errors.append(SpecError("missing-key", message, place, "`spec:` of the row or of the table"))
            return made
        spec = self._spec(named)
        return replace(made, spec=spec, members=tuple(self._members(row, spec)) if self._known[spec] else ())

    def _only_printed(self, name: str, row: Mapping) -> None:
        """A row that is left out trains nothing."""
        for key in ("spec", "variants", "set", "sweep"):
            if key in row.items:
                message = f"`{name}` is left out, and has `{key}`"
                self.errors.append(SpecError("needless-key", message, row.keys[key], "`printed` alone beside it"))

    def _spec(self, named: Tree | None) -> str:
        """A spec as it is found from the current folder: beside the table, or by its name."""
        if named is None:
            return ""
        value = str(plain(named))
        beside = self._folder / value
        spec = str(beside) if is_there(beside) else value
        if spec not in self._known:
            self._known[spec] = self._resolved(spec, named)
        return spec

    def _resolved(self, spec: str, named: Tree) -> Resolved | None:
        try:
            return resolve(spec)
        except SpecErrors as error:
            self.errors += [replace(one, place=one.place or named.place) for one in error.errors]
            return None

    def _members(self, row: Mapping, spec: str) -> Iterator[Member]:
        """What is laid over the spec."""
        own = sum(self._laid(row), Member(""))
        named, resolved = row.get("sweep"), self._known[spec]
        assert resolved is not None, "that of a spec that cannot be read is not asked for"
        if named is None:
            yield own
            return
        name = str(plain(named))
        if name in resolved.sweeps:
            yield from (own + member for member in grid(axes(resolved, name)))
            return
        known = list(resolved.sweeps)
        expected = f"one of {', '.join(known)}" if known else "no sweep: the spec has none"
        message = f"{spec} has no sweep `{name}`"
        self.errors.append(SpecError("unknown-sweep", message, named.place, expected, nearest(name, known)))

    def _laid(self, row: Mapping) -> Iterator[Member]:
        variants, values = row.get("variants"), row.get("set")
        if variants is not None:
            listed = variants.items if isinstance(variants, Sequence) else (variants,)
            chosen = {str(plain(one)): Written(row.keys["variants"], one.place) for one in listed}
            written = {f"-v {name}": at for name, at in chosen.items()}
            yield Member("+".join(chosen), tuple(chosen), written=written)
        if isinstance(values, Mapping):
            labels = short_keys(values.items)
            for key, value in values.items.items():
                text = SweepText.of(f"{key}={flow(plain(value))}", value.place.document.folder)
                at = Written(values.keys[key], value.place)
                yield Member(f"{labels[key]}={flow(plain(value))}", (), (text,), {f"-s {text}": at})
