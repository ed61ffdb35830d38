"""Optimizers, as a spec names them: factories that are given the parameters when training starts."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import Field

from compose.block import BlockError, optimizer

if TYPE_CHECKING:
    from torch.nn import Parameter
    from torch.optim import Optimizer as TorchOptimizer

Rate = Annotated[float, Field(gt=0)]
Decay = Annotated[float, Field(ge=0)]
Fraction = Annotated[float, Field(ge=0, lt=1)]
Betas = tuple[Fraction, Fraction]


@dataclass(frozen=True)
class ParameterGroup:
    """Parameters that share a learning rate.

    Args:
        parameters: the parameters.
        lr_scale: multiplies the optimizer's learning rate.
    """

    parameters: Sequence[Parameter]
    lr_scale: float = 1.0


class Optimizer(ABC):
    """A factory of torch optimizers; the base of all that ``optimizer: {use: ...}`` may name.

    Args:
        lr: learning rate.
        weight_decay: weight decay.
        decay_norms: whether weight decay also applies to biases and the parameters of norms (all of one dimension).
    """

    def __init__(self, *, lr: float, weight_decay: float, decay_norms: bool) -> None:
        self.lr = lr
        self.weight_decay = weight_decay
        self.decay_norms = decay_norms

    def __call__(self, groups: Sequence[ParameterGroup], *, fused: bool = True) -> TorchOptimizer:
        """The torch optimizer over these parameters.

        Every group of it keeps its initial rate as ``base_lr``, from which the schedule sets ``lr``.

        Args:
            groups: the parameters to train.
            fused: whether the optimizer may run as one kernel (not where gradients must be unscaled before clipping);
                one over complex parameters never does.
        """
        real = all(parameter.is_floating_point() for group in groups for parameter in group.parameters)
        return self.build([options for group in groups for options in self._options(group)], fused=fused and real)

    @abstractmethod
    def build(self, groups: list[dict[str, Any]], *, fused: bool) -> TorchOptimizer:
        """Construct the torch optimizer from its parameter groups."""

    def _options(self, group: ParameterGroup) -> list[dict[str, Any]]:
        rate = self.lr * group.lr_scale
        shared = {"lr": rate, "base_lr": rate, "weight_decay": self.weight_decay}
        if self.decay_norms or not self.weight_decay:
            return [{"params": list(group.parameters), **shared}]
        matrices = [p for p in group.parameters if p.ndim > 1]
        vectors = [p for p in group.parameters if p.ndim <= 1]
        split = [{"params": matrices, **shared}, {"params": vectors, **shared, "weight_decay": 0.0}]
        return [options for options in split if options["params"]]


@optimizer
class Adam(Optimizer):
    """Adam; weight decay is added to the gradient.

    Args:
        lr: learning rate.
        betas: decay rates of the running means of the gradient and of its square.
        eps: added to the denominator.
        weight_decay: L2 penalty.
        decay_norms: whether weight decay also applies to biases and the parameters of norms.
    """

    def __init__(
        self,
        *,
        lr: Rate = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: Rate = 1e-8,
        weight_decay: Decay = 0.0,
        decay_norms: bool = True,
    ) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay, decay_norms=decay_norms)
        self.betas = betas
        self.eps = eps

    def build(self, groups: list[dict[str, Any]], *, fused: bool) -> TorchOptimizer:
        """Construct ``torch.optim.Adam``."""
        from torch.optim import Adam

        return Adam(groups, betas=self.betas, eps=self.eps, fused=fused)


@optimizer(name="adamw")
class AdamW(Optimizer):
    """Adam with weight decay apart from the gradient.

    Args:
        lr: learning rate.
        betas: decay rates of the running means of the gradient and of its square.
        eps: added to the denominator.
        weight_decay: share of the learning rate by which weights shrink in a step.
        decay_norms: whether weight decay also applies to biases and the parameters of norms.
    """

    def __init__(
        self,
        *,
        lr: Rate = 1e-3,
        betas: Betas = (0.9, 0.999),
        eps: Rate = 1e-8,
        weight_decay: Decay = 0.01,
        decay_norms: bool = False,
    ) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay, decay_norms=decay_norms)
        self.betas = betas
        self.eps = eps

    def build(self, groups: list[dict[str, Any]], *, fused: bool) -> TorchOptimizer:
        """Construct ``torch.optim.AdamW``."""
        from torch.optim import AdamW

        return AdamW(groups, betas=self.betas, eps=self.eps, fused=fused)


@optimizer(name="sgd")
class SGD(Optimizer):
    """Stochastic gradient descent.

    Args:
        lr: learning rate.
        momentum: decay rate of the running sum of gradients; 0 for none.
        nesterov: whether to look ahead along the momentum.
        weight_decay: L2 penalty.
        decay_norms: whether weight decay also applies to biases and the parameters of norms.
    """

    def __init__(
        self,
        *,
        lr: Rate = 0.1,
        momentum: Fraction = 0.0,
        nesterov: bool = False,
        weight_decay: Decay = 0.0,
        decay_norms: bool = True,
    ) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay, decay_norms=decay_norms)
        if nesterov and not momentum:
            raise BlockError("expected a momentum above 0 with nesterov, got 0", parameter="momentum")
        self.momentum = momentum
        self.nesterov = nesterov

    def build(self, groups: list[dict[str, Any]], *, fused: bool) -> TorchOptimizer:
        """Construct ``torch.optim.SGD``."""
        from torch.optim import SGD

        return SGD(groups, momentum=self.momentum, nesterov=self.nesterov, fused=fused)


@optimizer(name="rmsprop")
class RMSprop(Optimizer):
    """RMSprop.

    Args:
        lr: learning rate.
        alpha: decay rate of the running mean of the squared gradient.
        eps: added to the denominator.
        momentum: decay rate of the running sum of steps; 0 for none.
        centered: whether to divide by the gradient's standard deviation.
        weight_decay: L2 penalty.
        decay_norms: whether weight decay also applies to biases and the parameters of norms.
    """

    def __init__(
        self,
        *,
        lr: Rate = 1e-3,
        alpha: Fraction = 0.99,
        eps: Rate = 1e-8,
        momentum: Fraction = 0.0,
        centered: bool = False,
        weight_decay: Decay = 0.0,
        decay_norms: bool = True,
    ) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay, decay_norms=decay_norms)
        self.alpha = alpha
        self.eps = eps
        self.momentum = momentum
        self.centered = centered

    def build(self, groups: list[dict[str, Any]], *, fused: bool) -> TorchOptimizer:
        """Construct ``torch.optim.RMSprop``, which has no fused form."""
        from torch.optim import RMSprop

        return RMSprop(
            groups, alpha=self.alpha, eps=self.eps, momentum=self.momentum, centered=self.centered, foreach=True
        )


@optimizer(name="rmsprop_tf")
class RMSpropTF(Optimizer):
    """RMSprop as TensorFlow has it, with TensorFlow's defaults.

    Epsilon stands under the root, the mean square starts at 1, and momentum sums steps that the learning rate has
    already scaled.

    Args:
        lr: learning rate.
        alpha: decay rate of the running mean of the squared gradient.
        eps: added to that mean under the root.
        momentum: decay rate of the running sum of steps; 0 for none.
        weight_decay: L2 penalty.
        decay_norms: whether weight decay also applies to biases and the parameters of norms.
    """

    def __init__(
        self,
        *,
        lr: Rate = 1e-3,
        alpha: Fraction = 0.9,
        eps: Rate = 1e-10,
        momentum: Fraction = 0.0,
        weight_decay: Decay = 0.0,
        decay_norms: bool = True,
    ) -> None:
        super().__init__(lr=lr, weight_decay=weight_decay, decay_norms=decay_norms)
        self.alpha = alpha
        self.eps = eps
        self.momentum = momentum

    def build(self, groups: list[dict[str, Any]], *, fused: bool) -> TorchOptimizer:
        """Construct our own, which has no fused form."""
        from compose.training.stages.tensorflow_rmsprop import TensorFlowRMSprop

        return TensorFlowRMSprop(groups, alpha=self.alpha, eps=self.eps, momentum=self.momentum)
