"""Declarations read off signatures: what a constructor hands on to its base, and what a block says of its weights."""

from __future__ import annotations

from typing import Annotated, Any

import pytest
from jaxtyping import Float
from pydantic import Field
from torch import Tensor, nn

from compose.block import BlockError, Dim, Use, block, stage
from compose.errors import SpecErrors
from compose.registry.construct import arguments
from compose.registry.declaration import Declaration
from compose.registry.introspect import declare
from compose.registry.registry import Registry, registry
from compose.spec.schema.publish import schema_text


class Base:
    """What all have.

    Args:
        rate: how fast.
        batch: examples.
    """

    def __init__(self, *, rate: float = 0.1, batch: Annotated[int, Field(gt=0)] = 32) -> None:
        self.rate, self.batch = rate, batch


@stage(name="first")
class First(Base):
    """Hands on what it does not name.

    Args:
        sizes: some sizes.
        batch: episodes.
    """

    def __init__(
        self, *, sizes: tuple[int, ...] = (1, 2), batch: Annotated[int, Field(ge=2)] = 16, **options: Any
    ) -> None:
        super().__init__(batch=batch, **options)
        self.sizes = sizes


@stage(name="second")
class Second(First):
    """Hands on to one that hands on."""

    def __init__(self, *, names: list[str] | None = None, **options: Any) -> None:
        super().__init__(**options)
        self.names = names


@stage(name="closed")
class Closed(Base):
    """Does not hand on."""

    def __init__(self, *, names: list[str] | None = None) -> None:
        super().__init__()
        self.names = names


@stage(name="inherits")
class Inherits(First):
    """Has no constructor of its own."""


@stage(name="open")
class Open:
    """Takes anything, and there is no base to check it against."""

    def __init__(self, **options: Any) -> None:
        self.options = options


@stage(name="listed")
class Listed:
    """Takes a list of what is made.

    Args:
        metrics: some of them.
        optimizer: one.
    """

    def __init__(
        self,
        *,
        metrics: Annotated[tuple[str | dict[str, Any], ...], Field(min_length=1), Use("metric")] | None = None,
        optimizer: Annotated[Any, Use("optimizer")] | None = None,
    ) -> None:
        self.metrics, self.optimizer = metrics, optimizer


class Sized(nn.Module):
    """A module with a size.

    Args:
        dim: its size.
        scale: a factor.
    """

    def __init__(self, dim: Dim[int, " d"], *, scale: float = 1.0) -> None:
        super().__init__()
        self.linear, self.scale = nn.Linear(dim, dim), scale

    def forward(self, x: Float[Tensor, "b d"]) -> Float[Tensor, "b d"]:
        """Map."""
        out: Tensor = self.linear(x) * self.scale
        return out


@block(fixes=("n", "s"))
class Fixing(Sized):
    """Its weights follow what changes, and the module of its base has its size."""

    def __init__(self, *, twice: bool = False, **options: Any) -> None:
        super().__init__(**options)
        self.twice = twice


def names(cls: type) -> list[str]:
    return [parameter.name for parameter in declare(cls).parameters]


def convert(cls: type, **values: Any) -> dict[str, Any]:
    return arguments(Registry([]), cls, declare(cls), values)


def test_what_a_constructor_hands_on_are_parameters_too() -> None:
    assert names(First) == ["sizes", "batch", "rate"]
    assert names(Second) == ["names", "sizes", "batch", "rate"]
    assert names(Inherits) == ["sizes", "batch", "rate"]
    assert names(Closed) == ["names"]


def test_its_own_word_counts_before_that_of_its_base() -> None:
    batch, rate = (declare(Second).parameter(name) for name in ("batch", "rate"))
    assert batch is not None
    assert rate is not None
    assert (batch.default, batch.schema) == (16, {"minimum": 2, "type": "integer"})
    assert (rate.default, rate.schema) == (0.1, {"type": "number"})
    base = declare(First).parameter("batch")
    assert base is not None
    assert base.doc == "episodes."


def test_there_must_be_a_base_to_check_against() -> None:
    with pytest.raises(SpecErrors, match=r"`\*\*options` of `Open` has no name that a spec could give it by"):
        declare(Open)


def test_values_are_converted_as_the_base_has_it() -> None:
    assert convert(Second, names=["a"], sizes=[3, 4], rate=1, batch=2) == {
        "names": ["a"], "sizes": (3, 4), "rate": 1.0, "batch": 2,
    }  # fmt: skip
    made = Second(**convert(Second, sizes=[3, 4], batch=2))
    assert (made.sizes, made.batch, made.rate) == ((3, 4), 2, 0.1)
    for name, value in (("batch", 1), ("rate", "fast"), ("sizes", ["a"])):
        with pytest.raises(BlockError) as caught:
            convert(Second, **{name: value})
        assert caught.value.parameter == name


def test_bound_sizes_and_torchs_own_constructors() -> None:
    found = declare(Fixing)
    assert [(size.name, size.dim) for size in found.sizes] == [("dim", "d")]
    assert [parameter.name for parameter in found.parameters] == ["twice", "scale"]


def test_what_a_blocks_weights_follow_is_declared() -> None:
    found = declare(Fixing)
    assert (found.name, found.fixes) == ("fixing", ("n", "s"))
    assert Declaration.from_json(found.to_json()).fixes == ("n", "s")
    assert declare(First).fixes == ()


def test_a_list_of_what_is_made_stays_a_list_where_it_may_be_left_out() -> None:
    metrics, optimizer = (declare(Listed).parameter(name) for name in ("metrics", "optimizer"))
    assert metrics is not None
    assert optimizer is not None
    assert (metrics.uses, metrics.schema) == ("metric", {"items": {}, "minItems": 1, "type": "array"})
    assert (optimizer.uses, optimizer.schema) == ("optimizer", {})


def test_an_episodic_stage_has_the_options_of_every_stage() -> None:
    found, every = (registry().find("stage", name) for name in ("episodic", "supervised"))
    assert found is not None
    assert every is not None
    own = {parameter.name: parameter for parameter in found.parameters}
    assert {parameter.name for parameter in every.parameters} < set(own)
    assert all(parameter.doc for parameter in own.values())
    assert (own["batch"].default, own["monitor"].default, own["epochs"].default) == (16, "accuracy", 10)
    assert '"stage.episodic"' in schema_text(registry())
