"""From files to one tree: ``extends``, variants, and the overrides of the command line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from importlib.resources import files
from pathlib import Path

from compose.errors import Document, Place, SpecError, SpecErrors, UsageError, nearest
from compose.spec.layers.merge import merge, removes_nothing, set_at
from compose.spec.spec_text import SpecText
from compose.spec.yaml.reader import load_file, load_text
from compose.spec.yaml.tree import Mapping, Scalar, Tree, relabel


@dataclass(frozen=True)
class Resolved:
    """A spec with everything laid over it.

    Args:
        tree: the spec without ``extends`` and ``variants``.
        variants: the variants that it offers, its own and those of the specs that it extends.
        own: the names of its own.
        chosen: the variants laid over it, in order.
        overrides: the overrides laid over those.
        file: the file asked for, as the user wrote it; of a text, what messages call it.
    """

    tree: Mapping
    variants: dict[str, Mapping]
    own: tuple[str, ...]
    chosen: tuple[str, ...]
    overrides: tuple[str, ...]
    file: str

    @property
    def name(self) -> str:
        """The spec's name with its variants: ``ml2p-no-pyramid``."""
        named = self.tree.get("name")
        base = (
            named.value
            if isinstance(named, Scalar) and isinstance(named.value, str)
            else Path(self.file).stem.strip("<>")
        )
        return "-".join([base, *self.chosen])

    @property
    def _stem(self) -> str:
        """What the file is called; of a text without the marks around its name."""
        return Path(self.file).stem.strip("<>")


def find_spec(name: str) -> Path:
    """The path of a spec: a path that exists wins, then the packaged zoo (``zoo/ml2p.yaml``, ``ml2p``)."""
    path = Path(name)
    if path.exists():
        return path
    inner = name.removeprefix("zoo/")
    for candidate in (inner, f"{inner}.yaml"):
        packaged = files("compose.zoo").joinpath(candidate)
        if packaged.is_file():
            return Path(str(packaged))
    return path


def zoo_names() -> list[str]:
    """The packaged specs, as ``zoo/ml2p.yaml``."""
    root = Path(str(files("compose.zoo")))
    return [f"zoo/{path.relative_to(root).as_posix()}" for path in sorted(root.rglob("*.yaml"))]


def resolve(spec: str | SpecText, *, variants: Iterable[str] = (), overrides: Iterable[str] = ()) -> Resolved:
    """Read a spec and lay variants and overrides over it, in that order.

    Args:
        spec: a path, the name of a packaged spec, or a text, which extends specs as from the working folder.
        variants: names of variants (``-v``).
        overrides: ``key.path=value`` texts (``-s``), the value parsed as YAML.

    Raises:
        SpecErrors: a file cannot be read, an ``extends`` leads nowhere, a variant does not exist.
        UsageError: an override is not of the form ``key=value``.
    """
    whole = _read(spec)
    name = spec.name if isinstance(spec, SpecText) else spec
    tree, known = _with_bases(whole, name, ())
    chosen = tuple(variants)
    for variant in chosen:
        if variant not in known:
            raise SpecErrors([_unknown_variant(variant, known, tree)])
        lost = removes_nothing(tree, known[variant])
        if lost:
            raise SpecErrors(lost)
        tree = with_variant(tree, known[variant], variant)
    texts = tuple(overrides)
    for text in texts:
        tree = _override(tree, text)
    return Resolved(tree, known, tuple(_variants_of(whole)), chosen, texts, name)


def with_variant(tree: Mapping, overlay: Mapping, name: str) -> Mapping:
    """The tree with a variant laid over it."""
    return _as_mapping(merge(tree, relabel(overlay, f"variant {name}")))


def _read(spec: str | SpecText) -> Mapping:
    if isinstance(spec, SpecText):
        return _as_mapping(load_text(spec.text, spec.name))
    try:
        return _as_mapping(load_file(find_spec(spec), name=spec))
    except SpecErrors as error:
        raise SpecErrors(_with_nearest_file(e, spec) for e in error.errors) from None


def _with_nearest_file(error: SpecError, name: str) -> SpecError:
    """A file that does not exist, with the YAML file beside it or the packaged spec that was meant."""
    if error.code not in ("no-such-file", "directory"):
        return error
    folder = Path(name) if error.code == "directory" else Path(name).parent
    beside = [str(path) for path in sorted(folder.glob("*.y*ml"))] if folder.is_dir() else []
    if error.code == "directory":
        return replace(error, expected=f"one file, such as {beside[0]}") if beside else error
    close = nearest(name, [*beside, *zoo_names()]) or nearest(f"zoo/{Path(name).stem}.yaml", zoo_names())
    return replace(error, expected="a YAML file, or a packaged spec (`compose list zoo`)", nearest=close)


def _as_mapping(tree: Tree) -> Mapping:
    if isinstance(tree, Mapping):
        return tree
    raise SpecErrors(
        [SpecError("wrong-type", "a spec is a mapping of keys", tree.place, "`name:`, `data:`, `model:` ...")]
    )


def _with_bases(tree: Mapping, name: str, seen: tuple[str, ...]) -> tuple[Mapping, dict[str, Mapping]]:
    """The spec laid over all that it extends, and the variants of all of them."""
    base_name = tree.get("extends")
    own = _variants_of(tree)
    rest = _without(tree, "extends", "variants")
    if base_name is None:
        return rest, own
    path = _base_path(base_name, name)
    if path in (*seen, str(find_spec(name).resolve())):
        raise SpecErrors([SpecError("extends-cycle", "this spec ends up extending itself", base_name.place)])
    try:
        base = _as_mapping(load_file(Path(path), name=_shown(path)))
    except SpecErrors as error:
        raise _at_extends(error, base_name) from None
    below, known = _with_bases(base, path, (*seen, str(find_spec(name).resolve())))
    lost = removes_nothing(below, rest)
    if lost:
        raise SpecErrors(lost)
    removed = isinstance(tree.get("variants"), Scalar)  # `variants: null`
    return _as_mapping(merge(below, rest)), own if removed else {**known, **own}


def _base_path(base: Tree, name: str) -> str:
    if not (isinstance(base, Scalar) and isinstance(base.value, str)):
        raise SpecErrors([SpecError("wrong-type", "`extends` takes the path of one spec", base.place)])
    beside = find_spec(name).parent / base.value
    return str((beside if beside.exists() else find_spec(base.value)).resolve())


def _shown(path: str) -> str:
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        root = Path(str(files("compose.zoo"))).resolve()
        return f"zoo/{Path(path).relative_to(root).as_posix()}" if Path(path).is_relative_to(root) else path


def _at_extends(error: SpecErrors, base: Tree) -> SpecErrors:
    names = zoo_names()
    value = base.value if isinstance(base, Scalar) else ""
    return SpecErrors(
        replace(e, place=base.place, nearest=nearest(str(value), names)) if e.place is None else e for e in error.errors
    )


def _variants_of(tree: Mapping) -> dict[str, Mapping]:
    variants = tree.get("variants")
    if variants is None or (isinstance(variants, Scalar) and variants.value is None):
        return {}
    if not isinstance(variants, Mapping):
        raise SpecErrors([SpecError("wrong-type", "`variants` is a mapping of names to overlays", variants.place)])
    wrong = [error for name, overlay in variants.items.items() for error in _wrong_overlay(name, overlay)]
    if wrong:
        raise SpecErrors(wrong)
    return {key: value for key, value in variants.items.items() if isinstance(value, Mapping)}


def _wrong_overlay(name: str, overlay: Tree) -> list[SpecError]:
    if not isinstance(overlay, Mapping):
        message = f"the variant `{name}` is a mapping laid over the spec"
        return [SpecError("wrong-type", message, overlay.place, "`data:`, `model:`, `train:` ...")]
    return [
        SpecError("unknown-key", f"the variant `{name}` cannot have `{key}`", overlay.keys[key], "the other sections")
        for key in ("extends", "variants")
        if key in overlay.items
    ]


def _without(tree: Mapping, *names: str) -> Mapping:
    items = {key: value for key, value in tree.items.items() if key not in names}
    return replace(tree, items=items, keys={key: tree.keys[key] for key in items})


def _unknown_variant(name: str, known: dict[str, Mapping], tree: Mapping) -> SpecError:
    flag = f"-v {name}"
    place = Place(Document("command line", (flag,)), 1, 4, len(name))
    expected = f"one of {', '.join(known)}" if known else "no variant: the spec has none"
    return SpecError("unknown-variant", f"the spec has no variant `{name}`", place, expected, nearest(name, known))


def _override(tree: Mapping, text: str) -> Mapping:
    key, equals, value = text.partition("=")
    if not equals or not key or not all(key.split(".")):
        raise UsageError(f"-s {text}: expected KEY=VALUE, such as -s train.0.epochs=3")
    path = tuple(int(part) if part.isdigit() else part for part in key.split("."))
    try:
        return _as_mapping(set_at(tree, path, _override_value(text, key, value)))
    except KeyError as error:
        raise SpecErrors([_bad_path(text, key.split("."), error.args[0])]) from None


def _override_value(text: str, key: str, value: str) -> Tree:
    """The value as YAML, its places in the text of the override."""
    document = Document("command line", (f"-s {text}",))
    whole = Place(document, 1, 4, len(text))
    if not value.strip() or value.strip() in ("~", "null"):
        return Scalar(whole, None, layer=f"-s {text}")
    try:
        parsed = load_text(value, f"-s {text}")
    except SpecErrors as error:
        raise SpecErrors(replace(e, place=whole) for e in error.errors) from None
    return relabel(_moved(parsed, whole), f"-s {text}")


def _moved(tree: Tree, place: Place) -> Tree:
    if isinstance(tree, Mapping):
        keys = dict.fromkeys(tree.keys, place)
        return replace(tree, place=place, items={k: _moved(v, place) for k, v in tree.items.items()}, keys=keys)
    if isinstance(tree, Scalar):
        return replace(tree, place=place)
    return replace(tree, place=place, items=tuple(_moved(item, place) for item in tree.items))


def _bad_path(text: str, parts: list[str], good: int) -> SpecError:
    start = sum(len(part) + 1 for part in parts[:good])
    place = Place(Document("command line", (f"-s {text}",)), 1, 4 + start, len(parts[min(good, len(parts) - 1)]))
    reached = ".".join(parts[:good]) or "the spec"
    return SpecError("override-path", f"`{reached}` has no `{parts[min(good, len(parts) - 1)]}`", place)
