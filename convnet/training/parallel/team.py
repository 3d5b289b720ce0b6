"""Worker processes that do a network's forward and backward passes together."""

from __future__ import annotations

import itertools
import multiprocessing
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess
from typing import Any

import numpy as np
from numpy.typing import NDArray

from convnet.arrays import Array
from convnet.checks import require_positive_int
from convnet.layers import chain
from convnet.network import Sequential
from convnet.training.batches import Augment, Stored
from convnet.training.parallel.shared_arrays import Form, SharedArrays
from convnet.training.parallel.worker import (
    DOUT,
    GRADIENT,
    IMAGES,
    OUTPUTS,
    STATE,
    WEIGHTS,
    Part,
    leaves,
    serve,
)

_GUARD = (
    "before it began; a script that trains with workers must do so within "
    "`if __name__ == '__main__':`, because each worker imports it"
)


class WorkerError(RuntimeError):
    """A worker process ended without having been asked to."""


class Team:
    """A network's passes, shared among processes: a context manager.

    The gradient is the sum over the workers, in their order, so the same seed and number of workers
    give the same bytes. BatchNorm normalises each part by itself, and its running statistics
    are the mean over the parts; Dropout and augmenting have a random stream for each worker.

    Parameters
    ----------
    network : Sequential
        Keeps its own arrays: the weights are copied to the workers for each step.
    workers : int
        Processes, each of which computes in one thread.
    images : ndarray
        What batches are taken from, as it is stored.
    batch_size : int
        The largest number of images in a batch.

    Raises
    ------
    ValueError
        If `workers` is not positive.
    OSError
        If there is not enough shared memory.
    WorkerError
        By every method, if a worker process has ended.
    """

    def __init__(
        self, network: Sequential, workers: int, images: NDArray[Any], batch_size: int
    ) -> None:
        self._network = network
        self._count = require_positive_int("workers", workers)
        self._forms = _forms(network, workers, images, batch_size)
        self._started = False
        self._augment: Augment | None = None
        self._parts: list[tuple[int, int]] = []
        self._processes: list[SpawnProcess] = []
        self._pipes: list[Connection] = []

    def __enter__(self) -> Team:
        """Start the processes."""
        self._memory = SharedArrays(self._forms)
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        finally:
            self._memory.forget_name()
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        for _ in range(self._count):
            own, other = context.Pipe()
            self._pipes.append(own)
            # `daemon`: if this process is told to exit, it takes them along
            process = context.Process(target=serve, args=(other,), daemon=True)
            with _signals_blocked():
                process.start()
            self._processes.append(process)
            other.close()  # so that the pipe ends with the worker
        for number in range(self._count):
            self._send(number, (self._network, self._forms, self._memory.block, number))
        self._wait(range(self._count))
        self._started = True

    def close(self) -> None:
        """End the processes, at once: they have nothing to tidy up."""
        for pipe in self._pipes:
            pipe.close()
        for process in self._processes:
            process.kill()
            process.join()
        self._memory.close()

    def forward(self, batch: Stored, *, training: bool = True) -> Array:
        """Return the network's outputs for a batch in training."""
        arrays, size = self._memory.arrays, len(batch)
        for name, value in self._network.arrays.items():
            arrays[WEIGHTS + name][...] = value
        arrays[IMAGES][:size] = batch.images
        if batch.augment is not self._augment:
            self._augment = batch.augment
            self._ask(range(self._count), "augment_with", lambda number: (batch.augment,))
        edges = [size * number // self._count for number in range(self._count + 1)]
        self._parts = list(itertools.pairwise(edges))
        layers = chain.walk(self._network.layers)
        trainable = tuple(layer.trainable for _, layer in layers)
        self._ask(
            self._busy,
            "forward",
            lambda number: (Part(*self._parts[number], (*batch.seed, number), trainable),),
        )
        return arrays[OUTPUTS][:size].copy()

    def backward(self, dout: Array, *, need_dx: bool = False) -> None:
        """Fill the network's `grads`, by the gradient of the last batch's outputs."""
        self._memory.arrays[DOUT][: len(dout)] = dout
        self._ask(self._busy, "backward", lambda number: ())
        shares = [(stop - start) / len(dout) for start, stop in self._parts]
        for name, layer in leaves(self._network):
            for key, gradient in layer.grads.items():
                parts = self._results(GRADIENT, f"{name}.{key}")
                np.copyto(gradient, parts[0])
                for part in parts[1:]:
                    gradient += part
            layer.state = {
                key: _weighted_mean(
                    self._results(STATE, f"{name}.{key}"), [shares[n] for n in self._busy]
                )
                for key in layer.state
            }

    @property
    def _busy(self) -> list[int]:
        """Workers that have any of the batch: the last one of an epoch may be small."""
        return [number for number, (start, stop) in enumerate(self._parts) if start < stop]

    def _results(self, kind: str, name: str) -> list[Array]:
        return [self._memory.arrays[f"{number}:{kind}{name}"] for number in self._busy]

    def _ask(
        self, workers: Sequence[int], method: str, arguments: Callable[[int], tuple[Any, ...]]
    ) -> None:
        """Let workers do something at the same time, and wait for all of them."""
        for number in workers:
            self._send(number, (method, arguments(number)))
        self._wait(workers)

    def _send(self, number: int, message: object) -> None:
        try:
            self._pipes[number].send(message)
        except OSError:
            raise self._ended(number) from None

    def _wait(self, workers: Sequence[int]) -> None:
        """Wait for an answer of each worker; raise the first error among them."""
        errors = [self._answer(number) for number in workers]
        for error in errors:
            if error is not None:
                raise error

    def _answer(self, number: int) -> Exception | None:
        try:
            return self._pipes[number].recv()  # type: ignore[no-any-return]
        except (EOFError, OSError):
            raise self._ended(number) from None

    def _ended(self, number: int) -> WorkerError:
        process = self._processes[number]
        process.join(1)
        code = process.exitcode
        how = signal.Signals(-code).name if code is not None and code < 0 else f"status {code}"
        said = f"worker {number} of {self._count} ended ({how})"
        return WorkerError(said if self._started else f"{said} {_GUARD}")


def _forms(
    network: Sequential, workers: int, images: NDArray[Any], batch_size: int
) -> dict[str, Form]:
    """Return the forms of all that is shared."""
    dtype = images.dtype if images.dtype.kind == "f" else np.dtype(np.float32)
    outputs: Form = (batch_size, *network.output_shape), dtype
    forms: dict[str, Form] = {
        IMAGES: ((batch_size, *images.shape[1:]), images.dtype),
        OUTPUTS: outputs,
        DOUT: outputs,
    }
    forms |= {WEIGHTS + name: (a.shape, a.dtype) for name, a in network.arrays.items()}
    for number in range(workers):
        for name, layer in leaves(network):
            for kind, arrays in ((GRADIENT, layer.params), (STATE, layer.state)):
                for key, array in arrays.items():
                    forms[f"{number}:{kind}{name}.{key}"] = array.shape, array.dtype
    return forms


def _weighted_mean(parts: list[Array], shares: list[float]) -> Array:
    dtype = parts[0].dtype
    return np.asarray(
        sum(part * dtype.type(share) for part, share in zip(parts, shares, strict=True))
    )


@contextmanager
def _signals_blocked() -> Iterator[None]:
    """Let a process that is started now never see Ctrl-C and SIGTERM, which reach all of a group.

    It takes over the mask of blocked signals. What becomes of a run is for its parent to say.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, (signal.SIGINT, signal.SIGTERM))
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
