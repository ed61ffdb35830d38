"""A random model: nodes that grow from the reserved inputs, each block called on real tensors before it is taken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

import torch
from torch import Tensor

from compose.registry.declaration import Declaration, Port
from compose.registry.registry import Registry
from compose.spec.wiring.reserved import RESERVED, TARGETS
from tests.soundness.annotations import fits, may_be, sizes
from tests.soundness.drawn.random_values import NoValue, Setting, parameters
from tests.soundness.interpreter import Interpreter, Refused, Upstream, named_weights
from tests.soundness.world import Inputs

TRIES = 30
"""Blocks that are tried before a model stays as it is."""
FAVOURED = 8
"""Tries in which the favourite comes first."""
PATIENCE = 6
"""How often a block may fail in one model before it is tried no more."""
LARGEST = 8_000
"""Numbers in a tensor that later nodes may read."""
LABELS = (
    "labels.vectors",
    "labels.novel",
    "support.targets",
    "labels.graph",
    "labels.relations",
    "labels.clusters",
)
"""What says which labels or classes are scored."""
FED = {reserved.port: name for name, reserved in RESERVED.items()}


@dataclass
class Grown:
    """A node on trial."""

    node: dict[str, Any]
    outputs: dict[str, Any]
    reads: set[str]
    fails: bool = False
    learns: bool = False


@dataclass
class Grower:
    """A model on its way.

    Args:
        dice: what is drawn from.
        registry: the blocks.
        inputs: the reserved inputs that there are.
        wild: how often a node is wired without regard to what fits.
        favourite: a block that is taken as soon as it fits, so that each is drawn often enough.
    """

    dice: Random
    registry: Registry
    inputs: Inputs
    wild: float = 0.05
    favourite: Declaration | None = None
    nodes: dict[str, dict[str, Any]] = field(default_factory=dict)
    values: dict[str, Any] = field(default_factory=dict)
    drawn: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self.values |= {name: value for name, value in self.inputs.items() if name not in TARGETS}
        known = self.registry.all()
        plain = [found for found in known if found.kind == "block" and found.module.startswith("compose.")]
        others = [found for found in known if found.kind == "block" and found not in plain]  # those that misbehave
        self.blocks = [*plain * 6, *(found for found in known if found.kind == "composite"), *others]
        self.of_examples = {name for name in self.inputs if RESERVED[name].of_examples and name not in TARGETS}
        self.of_labels = {name for name in self.inputs if name in LABELS}
        self.learned: set[str] = set()
        self.losses = [found for found in self.registry.all() if found.kind == "loss"]
        self.changing = set(self.inputs["targets"].shape) if "targets" in self.inputs else set()
        self.feeders = _feeders(self.blocks, self.favourite)
        vectors = self.inputs.get("labels.vectors")
        self.sizes = [] if vectors is None else [vectors.shape[1]] * 3

    def grow(self, count: int) -> None:
        """Add so many nodes, or as many as are found."""
        for _ in range(count):
            for number in range(TRIES):
                wild = self.dice.random() < self.wild
                grown = self.attempt(self._block(number), wild=wild)
                if grown and (wild or not grown.fails):
                    self.take(self._name(grown), grown)
                    break

    def _block(self, number: int) -> Declaration:
        """The block of a try: the favourite first, then often what gives ports that it takes."""
        waits = self.favourite is not None and not self.drawn[self.favourite.name]
        if waits and number < FAVOURED:
            assert self.favourite is not None
            return self.favourite
        return self.dice.choice(self.feeders if waits and self.feeders and number % 2 else self.blocks)

    def score(self, shape: tuple[int, ...], *, tries: int = 100) -> bool:
        """Add a node whose first output has a shape, and call it ``scores``; returns whether one was found."""
        able = [block for block in self.blocks if _may_give(block, len(shape))]
        likely = [block for block in able if _meets(block)] or able
        for number in range(tries):
            blocks = likely if number % 3 else able
            grown = self.attempt(self.dice.choice(blocks), wild=False, wanted=shape)
            if grown and not grown.fails and self.fit_to_score(grown):
                first = next(iter(grown.outputs.values()))
                if isinstance(first, Tensor) and tuple(first.shape) == shape and first.is_floating_point():
                    self.take("scores", grown)
                    return True
        return False

    def take(self, name: str, grown: Grown) -> None:
        """Add a node."""
        self.nodes[name] = grown.node
        for known in (self.of_examples, self.of_labels, self.learned):
            if grown.reads & known or (grown.learns and known is self.learned):
                known |= _names(name, grown.outputs)
        self.drawn[grown.node["use"]] += 1
        for port, value in grown.outputs.items():
            self._offer(name, port, value, first=port == next(iter(grown.outputs)))

    def fit_to_score(self, grown: Grown) -> bool:
        """Whether a node depends on the examples, on the labels, and on weights, as what is scored should."""
        learned = grown.learns or bool(grown.reads & self.learned)
        return learned and bool(grown.reads & self.of_examples) and bool(grown.reads & self.of_labels)

    def _offer(self, name: str, port: str, value: Any, *, first: bool) -> None:
        tensors = value if isinstance(value, list) else [value]
        if sum(tensor.numel() for tensor in tensors) > LARGEST:
            return
        self.values[name if first else f"{name}.{port}"] = value
        if isinstance(value, list):
            self.values |= {f"{name}.{port}.{place}": tensor for place, tensor in enumerate(value)}

    def _name(self, grown: Grown) -> str:
        number = len(self.nodes)
        return self.dice.choice([f"n{number}", f"{grown.node['use']}_{number}", f"N-{number}", f"x{number}_"])

    # --- one node ---------------------------------------------------------------------------------------------------

    def attempt(
        self, declaration: Declaration, *, wild: bool, targets: bool = False, wanted: tuple[int, ...] | None = None
    ) -> Grown | None:
        """Wire a block, draw its parameters and call it; None where nothing fits it.

        Args:
            declaration: the block or loss.
            wild: whether what is wired need not fit.
            targets: whether it may read the targets.
            wanted: the shape that its first output shall have, computed of the examples; None for any.
        """
        wired = self._wired(declaration, wild=wild, targets=targets)
        if wired is None:
            return None
        texts, fed = wired
        reads = {text for feed in texts.values() for text in (feed if isinstance(feed, list) else [feed])}
        reads |= {FED[port] for port in fed if port not in texts}
        if wanted is not None and not (reads & self.of_examples and may_be(declaration, fed, wanted)):
            return None
        setting = Setting(declaration, [*self.sizes, *_sizes(fed)], fed, nested=self._no_nested)
        try:
            values = parameters(self.dice, setting)
        except NoValue:
            return None
        node = {"use": declaration.name, **self._in(declaration, texts), **values}
        if self.failed[declaration.name] > PATIENCE:
            return None
        outputs, weights = _called(self.registry, declaration, values, fed)
        self.failed[declaration.name] += outputs is None
        if self._follows(weights, reads) and not wild and self.dice.random() < 0.9:
            return None
        return Grown(node, outputs or {}, reads, fails=outputs is None, learns=bool(weights))

    def _follows(self, weights: set[int], reads: set[str]) -> bool:
        """Whether weights seem to follow the number of examples, labels or classes."""
        classes = self.inputs["query.targets"].shape[-1:] if "query.targets" in self.inputs else ()
        return bool(weights & self.changing) or bool(reads & self.of_labels and weights & {*classes})

    def _no_nested(self, kind: str) -> Any:
        raise NoValue(kind)

    def _wired(
        self, declaration: Declaration, *, wild: bool, targets: bool
    ) -> tuple[dict[str, Any], dict[str, Any]] | None:
        """Port -> what is wired to it, as text and as value; the ports that are fed by their names are left out."""
        texts: dict[str, Any] = {}
        fed: dict[str, Any] = {}
        for port in declaration.inputs:
            given = FED.get(port.name)
            seen = targets or given not in TARGETS or wild
            if given in self.inputs and seen and self.dice.random() < 0.85:
                fed[port.name] = self.inputs[given]
                if not fits(declaration.inputs, fed) and not wild:
                    return None
                continue
            if port.optional and self.dice.random() < 0.5:
                if given in self.inputs:
                    texts[port.name] = None
                continue
            found = self._feed(declaration, port, fed, wild=wild, targets=targets)
            if found is None:
                if port.optional:
                    continue
                return None
            texts[port.name], fed[port.name] = found
        return texts, fed

    def _feed(
        self, declaration: Declaration, port: Port, fed: dict[str, Any], *, wild: bool, targets: bool
    ) -> tuple[Any, Any] | None:
        wanted = self.dice.randint(1, 3) if port.many else 1
        texts: list[str] = []
        values: list[Any] = []
        for text, value in self._candidates(port, targets=targets):
            if port.many and isinstance(value, list):
                if not texts and self.dice.random() < 0.5 and fits(declaration.inputs, {**fed, port.name: value}):
                    return text, value
                continue
            tried = [*values, value] if port.many else value
            if wild or fits(declaration.inputs, {**fed, port.name: tried}):
                texts.append(text)
                values.append(value)
            if len(texts) == wanted:
                return (texts, values) if port.many else (texts[0], values[0])
        return (texts, values) if texts and port.many else None

    def _candidates(self, port: Port, *, targets: bool) -> Iterator[tuple[str, Any]]:
        """What can be wired, in random order; the newest and what bears the port's name more likely first."""
        known = {
            **self.values,
            **({name: self.inputs[name] for name in TARGETS if name in self.inputs} if targets else {}),
        }
        order = {text: self.dice.random() * (1 + 2 * place / len(known)) for place, text in enumerate(known)}
        order = {text: weight * (2 if text in self.of_examples else 1) for text, weight in order.items()}
        order = {text: weight * (3 if text.endswith(f".{port.name}") else 1) for text, weight in order.items()}
        for text in sorted(order, key=order.__getitem__, reverse=True):
            yield text, known[text]

    def _in(self, declaration: Declaration, texts: Mapping[str, Any]) -> dict[str, Any]:
        """The key ``in`` in one of its forms."""
        leading = [port.name for port in declaration.inputs][: len(texts)]
        if not texts:
            return {}
        if leading == list(texts) and None not in texts.values() and self.dice.random() < 0.7:
            feeds = list(texts.values())
            if len(feeds) == 1 and self.dice.random() < 0.8:
                return {"in": feeds[0]}
            return {"in": feeds}
        return {"in": dict(texts)}


def _called(
    registry: Registry, declaration: Declaration, values: Mapping[str, Any], fed: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, set[int]]:
    """A block's outputs, None where it refuses or gives something else than it declares; the sizes of its weights."""
    bound = sizes(declaration, fed) if fits(declaration.inputs, fed) else None
    if bound is None:
        return None, set()
    if declaration.kind == "composite":
        return _composite(registry, declaration, values, fed)
    try:
        with torch.random.fork_rng(devices=[]), torch.no_grad():
            torch.default_generator.manual_seed(0)
            copies = {port: _copied(value) for port, value in fed.items()}
            module = registry.construct(declaration.kind, declaration.name, {**bound, **values})
            result = module(**copies)
    except Exception:  # whatever the block does
        return None, set()
    ports = declaration.outputs
    single = len(ports) == 1 and ports[0].name == "out"
    found = {"out": result} if single else dict(zip([port.name for port in ports], result, strict=False))
    found = {port: list(value) if isinstance(value, tuple) else value for port, value in found.items()}
    weights = [weight for weight in module.parameters() if weight.requires_grad]
    return found if fits((*declaration.inputs, *ports), {**fed, **found}) else None, _sizes_of(weights)


def _sizes_of(weights: Iterable[Tensor]) -> set[int]:
    """The sizes of the dims of weights; 0 for one number alone."""
    return {size for weight in weights for size in weight.shape or (0,)}


def _composite(
    registry: Registry, declaration: Declaration, values: Mapping[str, Any], fed: Mapping[str, Any]
) -> tuple[dict[str, Any] | None, set[int]]:
    """The same of a composite block."""
    interpreter = Interpreter({"model": {}}, registry, {})
    try:
        found = interpreter.call_composite(
            declaration.name, {port: _copied(value) for port, value in fed.items()}, values
        )
    except (Refused, Upstream):
        return None, set()
    return found, _sizes_of(weight for _, weight in named_weights(interpreter.modules))


def _names(name: str, outputs: Mapping[str, Any]) -> set[str]:
    """The references to a node's ports and to the tensors in them."""
    listed = [
        f"{name}.{port}.{i}" for port, value in outputs.items() if isinstance(value, list) for i in range(len(value))
    ]
    return {name, *(f"{name}.{port}" for port in outputs), *listed}


def _copied(value: Any) -> Any:
    """A tensor, or list of tensors, that a block may change without harm."""
    return [tensor.clone() for tensor in value] if isinstance(value, list) else value.clone()


def _may_give(block: Declaration, rank: int) -> bool:
    """Whether a block's first output may have so many dims."""
    dims = block.outputs[0].dims
    if dims is None or any("*" in dim or dim == "..." for dim in dims):
        return True
    return len(dims) == rank and not block.outputs[0].many


def _feeders(blocks: list[Declaration], block: Declaration | None) -> list[Declaration]:
    """The blocks that give ports by the names of those that a block takes, and those that give such to them."""
    if block is None:
        return []
    names = {port.name for port in block.inputs} - set(FED)
    near = [found for found in blocks if names & {port.name for port in found.outputs}]
    names = {port.name for found in near for port in found.inputs} - set(FED)
    return [*near, *(found for found in blocks if names & {port.name for port in found.outputs} and found not in near)]


def _meets(block: Declaration) -> bool:
    """Whether a block meets labels or classes, and so may score them."""
    fed = {FED[port.name] for port in block.inputs if port.name in FED}
    return any(name.startswith(("labels.", "support.")) for name in fed) or any(
        {"l", "n", "m"} & set(port.dims or ()) for port in block.outputs
    )


def _sizes(fed: Mapping[str, Any]) -> list[int]:
    """The sizes of what feeds a node."""
    tensors = [tensor for value in fed.values() for tensor in (value if isinstance(value, list) else [value])]
    return [size for tensor in tensors for size in tensor.shape]
