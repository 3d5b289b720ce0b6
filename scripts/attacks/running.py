"""Attacks carried out one after another, with what each did to the service and to others."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from types import TracebackType

from scripts.attacks.catalogue import Kind
from scripts.attacks.crowd import Attack
from scripts.attacks.honest import HonestClient, Waits
from scripts.attacks.target import Target
from scripts.attacks.wire import Outcome

LIVE_SECONDS, PREDICT_SECONDS, MEMORY_MIB = 0.25, 1.0, 150.0
"""What an honest client waits at most, in 99 of 100 cases, and what a worker may hold."""


@dataclass(frozen=True)
class Result:
    """What an attack, or a kind of them, came to.

    Attributes
    ----------
    name : str
    outcome : Outcome
    waits : Waits, optional
        Of an honest client meanwhile; None if nobody has measured.
    memory : float, optional
        Most MiB that a worker held; None if that cannot be seen.
    """

    name: str
    outcome: Outcome
    waits: Waits | None = None
    memory: float | None = None

    def faults(self) -> list[str]:
        """Say what is worse than it may be."""
        found = list(dict.fromkeys(self.outcome.faults))
        if self.memory is not None and self.memory > MEMORY_MIB:
            found.append(f"a worker held {self.memory:.0f} MiB")
        if self.waits:
            for path, most in (("/livez", LIVE_SECONDS), ("/predict", PREDICT_SECONDS)):
                if self.waits.p99(path) > most:
                    found.append(f"{path} took {self.waits.p99(path) * 1000:.0f} ms")
        return found


class MemoryWatch:
    """Looks again and again how much the workers hold."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.most: float | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch)

    def __enter__(self) -> MemoryWatch:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        while True:
            held = self.target.memory()
            if held is not None:
                self.most = max(held, self.most or 0.0)
            if self._end.wait(0.05):
                return


def attack_all(
    target: Target, kinds: list[Kind], quick: bool, measure: bool, begun: Callable[[str], None]
) -> Iterator[Result]:
    """Attack a service, and yield what came of it.

    Parameters
    ----------
    target : Target
    kinds : list of Kind
    quick : bool
        Whether each attack is short.
    measure : bool
        Whether an honest client measures how long it waits.
    begun : callable
        Is told the name of each attack when it begins.
    """
    for kind in kinds:
        seconds = kind.quick if quick else kind.seconds
        if kind.is_loud:
            for name, attack in kind.attacks.items():
                begun(name)
                yield _measured(target, name, [(name, attack)], seconds, measure)
        else:
            begun(f"{len(kind.attacks)} ways of {kind.name}")
            name = f"{len(kind.attacks)} requests of doubtful {kind.name}"
            yield _measured(target, name, list(kind.attacks.items()), seconds, measure)


def _measured(
    target: Target, name: str, attacks: list[tuple[str, Attack]], seconds: float, measure: bool
) -> Result:
    with MemoryWatch(target) as memory:
        if not measure:
            return Result(name, _together(target, attacks, seconds), None, memory.most)
        with HonestClient(target) as honest:
            outcome = _together(target, attacks, seconds)
    return Result(name, outcome, honest.waits, memory.most)


def _together(target: Target, attacks: list[tuple[str, Attack]], seconds: float) -> Outcome:
    """Carry attacks out one after another, and take what came of them together."""
    outcome = Outcome()
    for name, attack in attacks:
        one = attack(target, seconds)
        outcome.statuses += one.statuses
        which = f"{name}: " if len(attacks) > 1 else ""
        outcome.faults += [which + fault for fault in one.faults]
    return outcome
