"""The engine's own alternatives, each timed as if it were the only one.

They are patched in from outside while they are timed: the engine has no switches that only a
benchmark would use.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any

import numpy as np

import convnet
from convnet.correlation import Geometry, im2col, overlapping_windows, whole_rows, winograd
from convnet.inference import served_network
from scripts.benchmarks.clock import stopwatch
from scripts.benchmarks.peers import im2col_rows, openblas
from scripts.benchmarks.peers.blueprint import Array
from scripts.benchmarks.peers.ours import Ours, inputs
from scripts.benchmarks.peers.peer import Images, Labels

Call = Callable[[], object]

POINTS = {
    "0, ±1, ±2, ∞": (0.0, 1.0, -1.0, 2.0, -2.0),
    "0, ±½, ±1, ∞": (0.0, 0.5, -0.5, 1.0, -1.0),
    "0, ±½, ±2, ∞": (0.0, 0.5, -0.5, 2.0, -2.0),
    "0, ±√½, ±√2, ∞": winograd.POINTS,
}


@dataclass(frozen=True)
class Case:
    """One convolution layer: square input and kernel, no padding."""

    side: int
    channels: int
    filters: int
    kernel: int

    def __str__(self) -> str:
        return f"{self.channels} → {self.filters}, {self.kernel}×{self.kernel}, {self.side}²"

    @property
    def geometry(self) -> Geometry:
        """The engine's description of the case."""
        return Geometry((self.kernel, self.kernel), (1, 1), 0, 0, 0, 0)

    def flops(self, batch: int) -> int:
        """Operations of the plain sum."""
        places = (self.side - self.kernel + 1) ** 2
        return 2 * places * self.kernel**2 * self.channels * self.filters * batch


WAYS: dict[str, ModuleType] = {
    "im2col": im2col,
    "overlapping windows": overlapping_windows,
    "whole rows": whole_rows,
    "Winograd": winograd,
}


class Alternatives(Ours):
    """The engine with alternatives patched in."""

    def ways(self, case: Case) -> list[str]:
        """Return the ways that can correlate a case."""
        return ["im2col", "im2col by rows", "overlapping windows", *self._winograd(case)]

    def gradient_ways(self, case: Case) -> list[str]:
        """Return the ways to its kernel gradient."""
        return ["im2col", "overlapping windows", "whole rows", *self._winograd(case)]

    @staticmethod
    def _winograd(case: Case) -> list[str]:
        possible = case.kernel == winograd.KERNEL and case.channels > 1
        return ["Winograd"] if possible else []

    def time_correlate(self, case: Case, way: str, batch: int, seconds: float) -> list[float]:
        """Correlate with one thread; return the seconds of each time."""
        x, kernel = _data(case, batch)
        call: Call
        if way == "im2col by rows":
            channels_up = np.ascontiguousarray(x.transpose(0, 2, 1, 3))
            call = lambda: im2col_rows.correlate(channels_up, kernel)  # noqa: E731
        else:
            call = lambda: WAYS[way].correlate(x, kernel, case.geometry, None)  # noqa: E731
        return self._alone(call, seconds)

    def time_kernel_gradient(self, case: Case, way: str, batch: int, seconds: float) -> list[float]:
        """Compute a kernel gradient with one thread; return the seconds of each time."""
        x, kernel = _data(case, batch)
        dout = overlapping_windows.correlate(x, kernel, case.geometry, None)
        return self._alone(lambda: WAYS[way].kernel_gradient(x, dout, case.geometry), seconds)

    def _alone(self, call: Call, seconds: float) -> list[float]:
        convnet.set_threads(1)
        try:
            return stopwatch(call, seconds)
        finally:
            convnet.set_threads(self.threads)

    def rounding(self, case: Case, batch: int) -> dict[str, float]:
        """Return the root mean square error of each way, by the root mean square of the outputs."""
        x, kernel = _data(case, batch)
        exact = overlapping_windows.correlate(
            x.astype(np.float64), kernel.astype(np.float64), case.geometry, None
        )
        found = {
            "plain sum (overlapping windows)": overlapping_windows.correlate(
                x, kernel, case.geometry, None
            )
        }
        for name, points in POINTS.items():
            with _points(points):
                found[name] = winograd.correlate(x, kernel, case.geometry, None)
        return {name: _rms(out - exact) / _rms(exact) for name, out in found.items()}

    def time_threads(
        self, ours: int, of_blas: int, images: Images, labels: Labels, batch: int, seconds: float
    ) -> list[float]:
        """Time training steps with a number of the engine's threads, and of BLAS's."""
        convnet.set_threads(ours)
        openblas.set_threads(of_blas)
        try:
            return self.time_train(images, labels, batch, seconds)
        finally:
            openblas.set_threads(1)
            convnet.set_threads(self.threads)

    def time_order(
        self, written: bool, images: Images, labels: Labels, batch: int, seconds: float
    ) -> list[float]:
        """Time training steps with activation and pooling in their written order, or exchanged."""
        order = self.network.order
        self.network.order = self.network.layers if written else order
        try:
            return self.time_train(images, labels, batch, seconds)
        finally:
            self.network.order = order

    def time_all_gradients(
        self, images: Images, labels: Labels, batch: int, seconds: float
    ) -> list[float]:
        """Time training steps that also compute the gradient of the images, which is not needed."""
        network: Any = self.network
        backward = network.backward
        network.backward = lambda dout, need_dx: backward(dout)
        try:
            return self.time_train(images, labels, batch, seconds)
        finally:
            del network.backward

    def time_blocks(self, block: int, images: Images, seconds: float) -> list[float]:
        """Time predictions where a thread takes so many images through all layers at a time."""
        with _replaced(served_network, "BLOCK", block):
            return self.time_predict(images, seconds)

    def time_unprepared(self, images: Images, seconds: float) -> list[float]:
        """Time predictions of a few images without a plan: layer by layer, as a batch goes."""
        with _replaced(served_network, "SINGLES", 0):
            return self.time_predict(images, seconds)

    def time_unfolded(self, images: Images, seconds: float) -> list[float]:
        """Time predictions without folding BatchNorm, but with a plan."""
        network = convnet.InferenceNetwork(self.network)
        network.network = self.network
        x = inputs(images)
        return stopwatch(lambda: network.predict(x), seconds)


def _data(case: Case, batch: int) -> tuple[Array, Array]:
    """Return an input (H, W, C_in, N) and a kernel that keeps its size."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal((case.side, case.side, case.channels, batch), np.float32)
    shape = (case.kernel, case.kernel, case.channels, case.filters)
    deviation = np.float32(1 / np.sqrt(case.kernel**2 * case.channels))
    return x, rng.standard_normal(shape, np.float32) * deviation


def _rms(values: Array) -> float:
    return float(np.sqrt(np.mean(values.astype(np.float64) ** 2)))


@contextlib.contextmanager
def _replaced(module: ModuleType, name: str, value: object) -> Iterator[None]:
    before = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, before)


@contextlib.contextmanager
def _points(points: tuple[float, ...]) -> Iterator[None]:
    """Let Winograd's way interpolate at other points."""
    with contextlib.ExitStack() as stack:
        stack.enter_context(_replaced(winograd, "POINTS", points))
        matrices = {
            "B_T": winograd._input_matrix(),
            "A_T": winograd._evaluation_matrix(winograd.TILE).T,
            "G": winograd._kernel_matrix(winograd.KERNEL),
        }
        for name, matrix in matrices.items():
            value = np.ascontiguousarray(matrix, np.float32)
            stack.enter_context(_replaced(winograd, name, value))
        yield
