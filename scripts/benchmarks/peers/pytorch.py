"""PyTorch, used as its own MNIST example uses it: eager, channels first, oneDNN underneath."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.utils.hooks import RemovableHandle

from scripts.benchmarks.clock import stopwatch
from scripts.benchmarks.peers.blueprint import (
    Array,
    Blueprint,
    LayerPlan,
    channels_first,
    channels_last,
    named_arrays,
    pictures_last,
)
from scripts.benchmarks.peers.passes import LayerPass, Pass
from scripts.benchmarks.peers.peer import Images, Labels, Peer

# Names of arrays: in `convnet`, in PyTorch.
NAMES = {
    "w": "weight",
    "b": "bias",
    "gamma": "weight",
    "beta": "bias",
    "mean": "running_mean",
    "var": "running_var",
}
STATISTICS = ("mean", "var")


class PyTorch(Peer):
    """`torch.nn.Sequential`, trained by `torch.optim.Adam`."""

    def __init__(self, threads: int) -> None:
        torch.set_num_threads(threads)

    def about(self) -> dict[str, Any]:
        """Return what is being measured."""
        return {
            "version": torch.__version__,
            "threads": torch.get_num_threads(),
            "instructions": torch.backends.cpu.get_cpu_capability(),
        }

    def open(self, plan: Blueprint) -> None:
        """Build the network of a blueprint."""
        self.plan = plan
        self.modules = {layer.name: module(layer) for layer in plan.layers}
        self.network = nn.Sequential(*self.modules.values())
        with torch.no_grad():
            for layer, key, array in named_arrays(plan.layers):
                tensor = torch.from_numpy(channels_first(layer, key, array))
                self._tensor(layer, key).copy_(tensor)
        self.optimizer = torch.optim.Adam(self.network.parameters(), lr=1e-3)
        self.loss = nn.CrossEntropyLoss()

    def _tensor(self, layer: LayerPlan, key: str) -> torch.Tensor:
        tensor: torch.Tensor = getattr(self.modules[layer.name], NAMES[key])
        return tensor

    def training_pass(self, images: Images, labels: Labels) -> Pass:
        """Run one forward and backward pass; only BatchNorm's statistics are updated."""
        logits, loss = self._pass(inputs(images), labels)
        arrays: dict[str, Array] = {}
        for layer in self.plan.layers:
            arrays |= {f"{layer.name}.{k}": v for k, v in self._results(layer).items()}
        return Pass(logits.detach().numpy(), loss, arrays)

    def trace(self, images: Images, labels: Labels) -> dict[str, LayerPass]:
        """Do the same; return every layer's inputs and results, channels last."""
        seen: dict[str, list[torch.Tensor]] = {}
        hooks = [hook for name, part in self.modules.items() for hook in _watch(part, name, seen)]
        self._pass(inputs(images).requires_grad_(), labels)
        for hook in hooks:
            hook.remove()
        after = [*self.plan.layers[1:], None]
        return {
            layer.name: self._layer_pass(layer, following, seen[layer.name])
            for layer, following in zip(self.plan.layers, after, strict=True)
        }

    def _layer_pass(
        self, layer: LayerPlan, after: LayerPlan | None, seen: list[torch.Tensor]
    ) -> LayerPass:
        x, out, dx, dout = (np.array(tensor.detach()) for tensor in seen)
        # What leaves a layer enters the next one: that knows how it was flattened.
        after = layer if after is None else after
        return LayerPass(
            pictures_last(layer, x),
            pictures_last(after, dout),
            pictures_last(after, out),
            pictures_last(layer, dx),
            {k: v for k, v in self._results(layer).items() if k not in STATISTICS},
        )

    def _pass(self, x: torch.Tensor, labels: Labels) -> tuple[torch.Tensor, float]:
        self.network.train()
        self.optimizer.zero_grad()
        logits = self.network(x)
        loss = self.loss(logits, classes(labels))
        loss.backward()
        return logits, loss.item()

    def _results(self, layer: LayerPlan) -> dict[str, Array]:
        """Return a layer's gradients and statistics, in the form that `convnet` has them."""
        results = {}
        for key in layer.arrays:
            tensor = self._tensor(layer, key)
            found = tensor if key in STATISTICS else tensor.grad
            results[key] = channels_last(layer, key, np.array(found.detach()))
        return results

    def probabilities(self, images: Images) -> Array:
        """Predict."""
        self.network.eval()
        return self._predict(inputs(images)).numpy()

    def _predict(self, x: torch.Tensor) -> torch.Tensor:
        with torch.inference_mode():
            return torch.softmax(self.network(x), dim=1)

    def time_predict(self, images: Images, seconds: float) -> list[float]:
        """Predict the same batch again and again; return the seconds that each time takes."""
        x = inputs(images)
        self.network.eval()
        return stopwatch(lambda: self._predict(x), seconds)

    def time_train(self, images: Images, labels: Labels, batch: int, seconds: float) -> list[float]:
        """Take steps on one batch after the other; return the seconds of each step."""
        batches = itertools.cycle(
            zip(inputs(images).split(batch), classes(labels).split(batch), strict=True)
        )
        self.network.train()
        return stopwatch(lambda: self._step(*next(batches)), seconds)

    def _step(self, x: torch.Tensor, labels: torch.Tensor) -> float:
        self.optimizer.zero_grad()
        loss = self.loss(self.network(x), labels)
        loss.backward()
        self.optimizer.step()
        return loss.item()


def module(layer: LayerPlan) -> nn.Module:
    """Make one layer.

    Raises
    ------
    ValueError
        If layers of this kind are not supported here.
    """
    config, before = layer.config, layer.input_shape[-1]
    match layer.kind:
        case "conv":
            return nn.Conv2d(
                before,
                config["filters"],
                config["kernel_size"],
                padding=config["padding"],
                bias=config["use_bias"],
            )
        case "batch_norm":
            norm = nn.BatchNorm2d if len(layer.input_shape) == 3 else nn.BatchNorm1d
            return norm(before, eps=config["epsilon"], momentum=1 - config["momentum"])
        case "max_pool":
            return nn.MaxPool2d(config["pool_size"], config["stride"])
        case "dense":
            return nn.Linear(before, config["units"], bias=config["use_bias"])
        case "relu":
            return nn.ReLU()
        case "flatten":
            return nn.Flatten()
    raise ValueError(f"{layer.name}: no layer of kind {layer.kind!r} here")


def _watch(
    part: nn.Module, name: str, seen: dict[str, list[torch.Tensor]]
) -> tuple[RemovableHandle, RemovableHandle]:
    """Record x, out, dx and dout of a layer in `seen` when it runs next."""

    def forwards(_: nn.Module, x: tuple[torch.Tensor, ...], out: torch.Tensor) -> None:
        seen[name] = [x[0], out]

    def backwards(
        _: nn.Module, dx: tuple[torch.Tensor, ...], dout: tuple[torch.Tensor, ...]
    ) -> None:
        seen[name] += [dx[0], dout[0]]

    return part.register_forward_hook(forwards), part.register_full_backward_hook(backwards)


def inputs(images: Images) -> torch.Tensor:
    """Return uint8 (N, 28, 28) as float32 (N, 1, 28, 28)."""
    return torch.from_numpy(images[:, None].astype(np.float32) * np.float32(1 / 255))


def classes(labels: Labels) -> torch.Tensor:
    """Return labels in the type that PyTorch's losses take."""
    return torch.from_numpy(labels.astype(np.int64))
