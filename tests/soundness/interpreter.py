"""A plain interpreter of specs: it takes each node by its text, makes its block and calls it on real tensors.

It shares no code with the framework's wiring, shapes and graphs, so that what those say of a spec can be compared with
what comes of it here. What goes wrong is collected, node by node; what reads a node that failed is passed over.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import torch
import yaml
from torch import Tensor, nn

from compose.registry.declaration import Declaration, Port
from compose.registry.registry import Registry
from compose.spec.wiring.reserved import RESERVED
from tests.soundness.annotations import fits, sizes
from tests.soundness.world import Inputs

WIRING = ("use", "in", "repeat", "carry", "collect", "share", "weight")
FED = {reserved.port: name for name, reserved in RESERVED.items()}
Ports = dict[str, Any]
"""Port name -> tensor, or list of tensors."""


@dataclass(frozen=True)
class Failure:
    """What went wrong at a node.

    Args:
        kind: ``reference``, ``unavailable``, ``unwired``, ``cycle``, ``block`` (there is none of this name), ``share``,
            ``list``, ``shape`` (what arrives does not fit the annotations), ``unbound``, ``construct``, ``forward``,
            ``output`` (what comes out does not fit them), ``in-place``, ``scalar``.
        node: its path.
        message: how.
    """

    kind: str
    node: str
    message: str


class Refused(Exception):
    """A node cannot be computed."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


class Upstream(Exception):
    """What a node reads cannot be computed."""


@dataclass
class Level:
    """The nodes of the model, or of one call of a composite block."""

    nodes: Mapping[str, Any]
    prefix: str = ""
    inputs: Ports = field(default_factory=dict)
    params: Mapping[str, Any] = field(default_factory=dict)
    within: tuple[str, ...] = ()
    done: dict[str, Ports | None] = field(default_factory=dict)
    busy: set[str] = field(default_factory=set)


class Interpreter:
    """Computes a spec's nodes and losses.

    Args:
        spec: the spec, as it was written.
        registry: the blocks.
        inputs: the reserved inputs that there are.
        modules: modules by the path of their node, in place of new ones.

    Attributes:
        failures: what went wrong.
        modules: the modules by the paths of their nodes; those of losses are at ``loss.NAME``.
        scores: what scores the labels; None where that failed.
        terms: the terms of the loss that could be computed.
    """

    def __init__(
        self,
        spec: Mapping[str, Any],
        registry: Registry,
        inputs: Inputs,
        modules: Mapping[str, nn.Module] | None = None,
    ) -> None:
        self.spec, self.registry, self._given = spec, registry, modules or {}
        self.inputs = {name: value.clone() for name, value in inputs.items()}
        self.failures: list[Failure] = []
        self.modules: dict[str, nn.Module] = {}
        self.terms: dict[str, Tensor] = {}
        self.scores: Any = None
        self.model = Level({name: node for name, node in spec["model"].items() if node is not None})

    def run(self, *, unread: bool = True) -> Interpreter:
        """Compute the nodes, and then the losses and the scores.

        Args:
            unread: whether nodes are computed that neither a loss nor the scores read.
        """
        for name in self.model.nodes if unread else ():
            self._node(self.model, name)
        for name, term in (self.spec.get("loss") or {}).items():
            self._attempt(f"loss.{name}", lambda: self._term(name, term))  # noqa: B023 - called at once
        self._attempt("scores", self._score)
        return self

    def value(self, text: str) -> Any:
        """What a reference of the model gives.

        Raises:
            Refused: it gives nothing.
            Upstream: its node failed.
        """
        return self._reference(self.model, text)

    def call_composite(self, used: str, fed: Ports, params: Mapping[str, Any]) -> Ports:
        """The outputs of a composite block that comes with the project.

        Raises:
            Refused: it cannot be computed.
            Upstream: a node of it cannot.
        """
        return self._inside(self.model, used, used, packaged_composites()[used], fed, params)

    def _attempt(self, path: str, compute: Any) -> Any:
        try:
            return compute()
        except Refused as refused:
            self.failures.append(Failure(refused.kind, path, str(refused)))
        except Upstream:
            pass
        return None

    def _term(self, name: str, term: Mapping[str, Any]) -> None:
        if "use" in term:
            found = self._wired(self.model, f"loss.{name}", "loss", term)["out"]
        else:
            found = self._reference(self.model, term["in"])
        if not isinstance(found, Tensor) or found.shape != ():
            raise Refused("scalar", "it is no scalar")
        self.terms[name] = found

    def _score(self) -> None:
        named = self.spec.get("scores", "scores")
        self.scores = self._reference(self.model, named)

    # --- nodes ------------------------------------------------------------------------------------------------------

    def _node(self, level: Level, name: str) -> Ports | None:
        """A node's output ports; None where it failed, or what it reads did."""
        path = f"{level.prefix}{name}"
        if name in level.busy:
            self.failures.append(Failure("cycle", path, "it waits for itself"))
            return None
        if name not in level.done:
            level.busy.add(name)
            level.done[name] = self._attempt(path, lambda: self._computed(level, name))
            level.busy.discard(name)
        return level.done[name]

    def _computed(self, level: Level, name: str) -> Ports:
        node, path = level.nodes[name], f"{level.prefix}{name}"
        if name in self.spec.get("bypass", ()) and not level.prefix:
            return self._bypassed(level, node)
        times = self._filled(level, node.get("repeat"))
        if times is None:
            return self._wired(level, path, "block", node)
        return self._repeated(level, path, node, times)

    def _bypassed(self, level: Level, node: Mapping[str, Any]) -> Ports:
        used = self._used(level, node)
        body = self._composite(used)
        declaration = None if body else self.registry.find("block", used)
        if body is None and declaration is None:
            raise Refused("block", f"there is no block {used}")
        ports = declaration.inputs if declaration else self._ports(used, body)
        fed = self._fed(level, ports, node, {})
        if not ports or ports[0].name not in fed:
            raise Refused("unwired", "there is no input to pass on")
        return {declaration.outputs[0].name if declaration else "out": fed[ports[0].name]}

    def _repeated(self, level: Level, path: str, node: Mapping[str, Any], times: int) -> Ports:
        carried, collected = node.get("carry", ()), node.get("collect", ())
        if not carried and not collected:
            raise Refused("repeat", "nothing says how its copies join")
        copies: list[Ports] = []
        for index in range(times):
            fed = {port: copies[-1][port] for port in carried} if copies else {}
            copies.append(self._wired(level, f"{path}.{index}", "block", node, fed))
        if unknown := [port for port in (*carried, *collected) if port not in copies[0]]:
            raise Refused("reference", f"it has no output {unknown[0]}")
        found = {port: copies[-1][port] for port in carried}
        for port in collected:
            try:
                found[port] = torch.stack([copy[port] for copy in copies])
            except (RuntimeError, TypeError) as error:
                raise Refused("shape", str(error)) from None
        return found

    def _wired(
        self, level: Level, path: str, kind: Any, node: Mapping[str, Any], carried: Ports | None = None
    ) -> Ports:
        used = self._used(level, node)
        body = self._composite(used) if kind == "block" else None
        declaration = None if body else self.registry.find(kind, used)
        if body is None and declaration is None:
            raise Refused("block", f"there is no {kind} {used}")
        ports = declaration.inputs if declaration else self._ports(used, body)
        fed = self._fed(level, ports, node, carried or {})
        params = {key: self._filled(level, value) for key, value in node.items() if key not in WIRING}
        if body:
            return self._inside(level, path, used, body, fed, params)
        assert declaration is not None
        return self._called(level, path, declaration, params, fed, node.get("share"))

    def _ports(self, used: str, body: Mapping[str, Any]) -> tuple[Port, ...]:
        """The input ports of a composite block: those of the project's are declared, those of a spec take anything."""
        known = None if used in (self.spec.get("blocks") or {}) else self.registry.find("composite", used)
        return known.inputs if known else tuple(Port(name, None, "any", False, False, "") for name in body["inputs"])

    def _used(self, level: Level, node: Mapping[str, Any]) -> str:
        if "use" in node:
            return str(node["use"])
        owner = level.nodes.get(node.get("share"))
        if owner is None or "use" not in owner:
            raise Refused("share", "there is no such node to share with")
        return str(owner["use"])

    def _composite(self, used: str) -> Any:
        own = (self.spec.get("blocks") or {}).get(used)
        return own if own or self.registry.find("block", used) else packaged_composites().get(used)

    def _filled(self, level: Level, value: Any) -> Any:
        """A value with ``$name`` replaced."""
        if isinstance(value, str) and value.startswith("$") and level.prefix:
            if value[1:] not in level.params:
                raise Refused("construct", f"there is no parameter {value}")
            return level.params[value[1:]]
        if isinstance(value, list):
            return [self._filled(level, item) for item in value]
        if isinstance(value, dict):
            return {key: self._filled(level, item) for key, item in value.items()}
        return value

    def _inside(self, level: Level, path: str, used: str, body: Any, fed: Ports, params: Mapping[str, Any]) -> Ports:
        if used in level.within:
            raise Refused("cycle", f"{used} contains itself")
        defaults = body.get("params") or {}
        if unknown := set(params) - set(defaults):
            raise Refused("construct", f"there is no parameter {min(unknown)}")
        values = {**defaults, **params}
        if lacking := [key for key, value in values.items() if value is None]:
            raise Refused("construct", f"{lacking[0]} is not given")
        inner = Level(body["model"], f"{path}.", fed, values, (*level.within, used))
        for name in body["model"]:
            self._node(inner, name)
        outputs = body["outputs"] if isinstance(body["outputs"], dict) else {"out": body["outputs"]}
        return {port: self._reference(inner, text) for port, text in outputs.items()}

    # --- one block --------------------------------------------------------------------------------------------------

    def _called(
        self, level: Level, path: str, declaration: Declaration, params: Ports, fed: Ports, share: str | None
    ) -> Ports:
        if not fits(declaration.inputs, fed):
            raise Refused("shape", f"what arrives does not fit: {described(fed)}")
        bound = sizes(declaration, fed)
        if bound is None:
            raise Refused("unbound", "a size is bound by nothing")
        module = self._module(level, path, declaration, {**bound, **params}, share)
        before = {port: _versions(value) for port, value in fed.items()}
        try:
            result = module(**fed)
        except Exception as error:  # whatever the block does
            raise Refused("forward", f"{type(error).__name__}: {error}") from None
        if before != {port: _versions(value) for port, value in fed.items()}:
            self.failures.append(Failure("in-place", path, "it changes its input"))
        found = self._outputs(declaration, result)
        if not fits((*declaration.inputs, *declaration.outputs), {**fed, **found}):
            raise Refused("output", f"what comes out does not fit: {described(found)}")
        return found

    def _module(self, level: Level, path: str, declaration: Declaration, values: Ports, share: str | None) -> nn.Module:
        if share is not None:
            return self._shared(level, path, declaration, values, share)
        if path in self._given:
            self.modules[path] = self._given[path]
            return self._given[path]
        self.modules[path] = self._made(path, declaration, values)
        return self.modules[path]

    def _shared(self, level: Level, path: str, declaration: Declaration, values: Ports, share: str) -> nn.Module:
        owner = level.nodes.get(share)
        if owner is None or owner.get("use") != declaration.name or {"repeat", "share"} & set(owner):
            raise Refused("share", f"{share} is no node with weights of its own of the same block")
        if self._node(level, share) is None:
            raise Upstream
        theirs = self.modules.get(f"{level.prefix}{share}")
        if theirs is None:
            raise Refused("share", f"{share} is passed over and has no weights")
        bound = {size.name: values[size.name] for size in declaration.sizes if size.name in values}
        own = {p.name: owner[p.name] for p in declaration.parameters if p.name in owner}
        ours = self._made(path, declaration, {**own, **bound})
        if shapes(ours) != shapes(theirs):
            raise Refused("shape", f"the weights of {share} are {shapes(theirs)}, not {shapes(ours)}")
        return theirs

    def _made(self, path: str, declaration: Declaration, values: Ports) -> nn.Module:
        chosen = {}
        for key, value in values.items():
            parameter = declaration.parameter(key)
            if value is not None or parameter is None or parameter.nullable:
                chosen[key] = value
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.manual_seed(zlib.crc32(path.encode()))  # that of all devices takes its time
            try:
                made: nn.Module = self.registry.construct(declaration.kind, declaration.name, chosen)
            except Exception as error:  # whatever the block does
                raise Refused("construct", f"{type(error).__name__}: {error}") from None
        return made

    def _outputs(self, declaration: Declaration, result: Any) -> Ports:
        ports = declaration.outputs
        if len(ports) == 1 and ports[0].name == "out":
            return {"out": list(result) if isinstance(result, tuple) else result}
        if not isinstance(result, tuple) or len(result) != len(ports):
            raise Refused("output", "it returns something else than its ports")
        pairs = zip(ports, result, strict=True)
        return {port.name: list(value) if isinstance(value, tuple) else value for port, value in pairs}

    # --- what feeds it ----------------------------------------------------------------------------------------------

    def _fed(self, level: Level, ports: tuple[Port, ...], node: Mapping[str, Any], carried: Ports) -> Ports:
        feeds = self._feeds(ports, node.get("in"))
        for port in ports:
            given = feeds[port.name] is not None if port.name in feeds else FED.get(port.name) in self.inputs
            if not given and not port.optional and port.name not in carried:
                raise Refused("unwired", f"nothing feeds {port.name}")
        fed = {}
        for port in ports:
            if port.name in feeds:
                if feeds[port.name] is not None:
                    fed[port.name] = self._port(level, port, feeds[port.name])
            elif port.name in FED and FED[port.name] in self.inputs:
                fed[port.name] = self.inputs[FED[port.name]]
        return fed | carried

    def _feeds(self, ports: tuple[Port, ...], feed: Any) -> dict[str, Any]:
        """Port -> the reference, or list of references, that feeds it."""
        names = [port.name for port in ports]
        if feed is None:
            return {}
        if isinstance(feed, Mapping):
            if unknown := [name for name in feed if name not in names]:
                raise Refused("reference", f"there is no input {unknown[0]}")
            return dict(feed)
        given = feed if isinstance(feed, list) else [feed]
        if len(given) > 1 and ports and ports[0].many and not isinstance(given[0], list):
            cut = len(given) - sum(not port.optional and port.name not in FED for port in ports[1:])
            given = [given[:cut], *given[cut:]]
        if len(given) > len(ports):
            raise Refused("reference", f"it has {len(ports)} inputs, and is wired to {len(given)}")
        return dict(zip(names, given, strict=False))

    def _port(self, level: Level, port: Port, feed: Any) -> Any:
        if isinstance(feed, list):
            found = [self._reference(level, text) for text in feed]
            if any(isinstance(value, list) for value in found):
                raise Refused("list", "a list cannot be an item of a list")
            return found if port.many or (port.dtype == "any" and port.dims is None) else _refuse_list()
        value = self._reference(level, feed)
        if port.many and not isinstance(value, list):
            return [value]
        return value[0] if isinstance(value, list) and len(value) == 1 and not port.many else value

    def _reference(self, level: Level, text: Any) -> Any:
        if not isinstance(text, str):
            raise Refused("reference", f"{text!r} is no reference")
        head, *rest = text.split(".")
        if head in level.inputs:
            return _item(text, level.inputs[head], rest)
        if text in RESERVED:
            if text not in self.inputs:
                raise Refused("unavailable", f"there is no {text}")
            return self.inputs[text]
        if head not in level.nodes:
            raise Refused("reference", f"there is no {text}")
        ports = self._node(level, head)
        if ports is None:
            raise Upstream
        if not rest or rest[0].isdigit():
            rest = [next(iter(ports)), *rest]
        if rest[0] not in ports:
            raise Refused("reference", f"{head} has no output {rest[0]}")
        return _item(text, ports[rest[0]], rest[1:])


def _item(text: str, value: Any, index: list[str]) -> Any:
    if not index:
        return value
    if len(index) > 1 or not index[0].isdigit() or not isinstance(value, list) or int(index[0]) >= len(value):
        raise Refused("reference", f"{text} is no tensor of a list")
    return value[int(index[0])]


def _refuse_list() -> Any:
    raise Refused("shape", "several tensors for a port that takes one")


def _versions(value: Any) -> list[int]:
    tensors = value if isinstance(value, list) else [value]
    return [tensor._version for tensor in tensors if isinstance(tensor, Tensor)]


@cache
def packaged_composites() -> Mapping[str, Any]:
    """The composite blocks that come with the project."""
    folder = files("compose.zoo").joinpath("composites")
    found = sorted(folder.iterdir(), key=lambda path: path.name) if folder.is_dir() else []
    return {path.name[:-5]: yaml.safe_load(path.read_text("utf-8")) for path in found if path.name.endswith(".yaml")}


def shapes(module: nn.Module) -> dict[str, tuple[int, ...]]:
    """The shapes of a module's weights."""
    return {name: tuple(weight.shape) for name, weight in module.named_parameters()}


def described(values: Mapping[str, Any]) -> str:
    """Values in a few words."""
    return ", ".join(f"{port} {_shown(value)}" for port, value in values.items())


def _shown(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_shown, value))}]"
    return f"{tuple(value.shape)} {value.dtype}" if isinstance(value, Tensor) else repr(value)


def reached(interpreter: Interpreter, losses: list[str] | None = None) -> set[str]:
    """The weights, by path and name, that the gradient of some terms of the loss reaches."""
    weights = dict(named_weights(interpreter.modules))
    found: set[str] = set()
    for name, term in interpreter.terms.items():
        if (losses is None or name in losses) and term.requires_grad:
            try:
                gradients = torch.autograd.grad(term, list(weights.values()), allow_unused=True, retain_graph=True)
            except RuntimeError:  # a block changed what is needed on the way back
                continue
            found |= {name for name, gradient in zip(weights, gradients, strict=True) if gradient is not None}
    return found


def named_weights(modules: Mapping[str, nn.Module]) -> Iterator[tuple[str, nn.Parameter]]:
    """The weights that are not frozen by their block, each once."""
    seen: set[int] = set()
    for path, module in modules.items():
        for name, weight in module.named_parameters():
            if weight.requires_grad and id(weight) not in seen:
                seen.add(id(weight))
                yield f"{path}.{name}", weight
