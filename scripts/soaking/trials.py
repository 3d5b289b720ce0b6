"""What is tried: each trial starts a service, does something to it, and says what came of it."""

from __future__ import annotations

import contextlib
import os
import resource
import shutil
import signal
import socket
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import convnet
from convnet.weights import find
from scripts.soaking.clients import HOST, Tally, ask_until, load, request
from scripts.soaking.service import Service, eventually, service
from server.self_test import known_picture

LONGEST_REFUSAL = 0.1  # seconds
LONGEST_RETURN = 1.0  # seconds until a killed worker has a successor
LEAST_LEVEL = 1.05  # growth of memory that is none
NOBODY = 10001  # a user without an entry in /etc/passwd


@dataclass(frozen=True)
class Effort:
    """How long, how much.

    Attributes
    ----------
    seconds : float
        Of each trial.
    minutes : float
        Of the trial of memory.
    clients : int
        In the trial of overload.
    kills, reloads : int
    """

    seconds: float = 6.0
    minutes: float = 0.5
    clients: int = 120
    kills: int = 10
    reloads: int = 3


@dataclass(frozen=True)
class Row:
    """What came of a trial.

    Attributes
    ----------
    trial : str
    tally : Tally
    note : str
        What was measured besides.
    faults : tuple of str
        What must not be so.
    """

    trial: str
    tally: Tally
    note: str = ""
    faults: tuple[str, ...] = ()


def faults_of(tally: Tally, allowed: tuple[int, ...] = (200,), lost: int = 0) -> tuple[str, ...]:
    """Return what is wrong with what came back."""
    found = [f"{n} answers of status {s}" for s, n in tally.statuses.items() if s not in allowed]
    if not tally.statuses[200]:
        found.append("no request was answered")
    if tally.lost > lost:
        found.append(f"{tally.lost} requests were lost, at most {lost} may be")
    if tally.refused:
        found.append(f"{tally.refused} connections were refused")
    return tuple(found)


def digit() -> list[bytes]:
    """Return the usual request: a drawn digit."""
    return [request(known_picture())]


def over_after(seconds: float) -> Callable[[], bool]:
    """Return what says whether so many seconds are over."""
    end = time.monotonic() + seconds
    return lambda: time.monotonic() >= end


def overload(folder: Path, effort: Effort) -> Row:
    """Far more clients than are taken: 200 or 503, and refusals come at once."""
    with service(folder) as running:
        tally = ask_until(over_after(effort.seconds), running.port, digit(), effort.clients)
    slowest, usual = tally.slowest(503), tally.percentile(0.99, 503)
    faults = faults_of(tally, (200, 503))
    if slowest > LONGEST_REFUSAL:
        faults += (f"a refusal took {slowest * 1000:.0f} ms",)
    note = f"refusals: 99 % in {usual * 1000:.0f} ms, all in {slowest * 1000:.0f} ms"
    return Row(f"{effort.clients} clients at once", tally, note, faults)


def slow_clients(folder: Path, effort: Effort) -> Row:
    """Clients that send a byte now and then, read nothing or do nothing: others are served."""
    whole = digit()[0]
    with service(folder) as running:
        silent = [socket.create_connection((HOST, running.port)) for _ in range(20)]
        slow = [socket.create_connection((HOST, running.port)) for _ in range(40)]
        for number, client in enumerate(slow):
            client.sendall(
                whole[: 1 + number * 40]
            )  # some within their heads, some in their bodies
        drinking = [socket.create_connection((HOST, running.port)) for _ in range(20)]
        for client in drinking:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
            client.sendall(whole * 20)  # and none of the answers is read
        over, sent = over_after(effort.seconds), threading.Event()

        def drip() -> None:
            place = [1 + number * 40 for number in range(len(slow))]
            while not sent.wait(0.2):
                for number, client in enumerate(slow):
                    with contextlib.suppress(OSError):
                        client.sendall(whole[place[number] : place[number] + 1])
                    place[number] += 1

        dripping = threading.Thread(target=drip)
        dripping.start()
        tally = ask_until(over, running.port, digit(), 4)
        sent.set()
        dripping.join()
        for client in (*silent, *slow, *drinking):
            client.close()
    note = f"beside 80 slow ones: 99 % in {tally.percentile(0.99, 200) * 1000:.0f} ms"
    return Row("slow and silent clients", tally, note, faults_of(tally))


def reloads(folder: Path, effort: Effort) -> Row:
    """SIGHUP, with new weights each time, under load."""
    weights = folder / "weights.npz"
    network = convnet.load(find("digits"))
    network.save(weights)
    with (
        service(folder, {"MODEL": weights}) as running,
        load(running.port, digit(), 8) as stop,
    ):
        for number in range(effort.reloads):
            network.metadata["version"] = f"reload-{number}"
            network.save(weights)
            _replace_all(running, lambda: running.process.send_signal(signal.SIGHUP))
        tally = stop()
        known = _model_version(running)
    faults = faults_of(tally)
    if known != f"reload-{effort.reloads - 1}":
        faults += (f"version {known} is served in the end",)
    return Row(f"{effort.reloads} reloads with new weights", tally, "", faults)


def _replace_all(running: Service, how: Callable[[], None]) -> None:
    before = set(running.workers())
    how()
    eventually(
        lambda: len(running.workers()) == len(before) and not before & set(running.workers())
    )


def _model_version(running: Service) -> str:
    import requests

    return str(requests.get(f"http://{HOST}:{running.port}/model", timeout=30).json()["version"])


def recycling(folder: Path, effort: Effort) -> Row:
    """Workers that end by themselves after some requests, under load."""
    settings = {"MAX_REQUESTS": 100, "MAX_REQUESTS_JITTER": 50}
    with service(folder, settings) as running:
        seen = set(running.workers())
        with load(running.port, digit(), 8) as stop:
            end, latest = over_after(effort.seconds), over_after(10 * effort.seconds)
            while not end() or (len(seen) < 4 and not latest()):  # slow machines take longer
                seen |= set(running.workers())
                time.sleep(0.02)
            tally = stop()
    faults = faults_of(tally)
    if len(seen) < 4:
        faults += ("no worker was replaced",)
    return Row("workers of 100 requests", tally, f"{len(seen) - 2} replaced", faults)


def kills(folder: Path, effort: Effort) -> Row:
    """SIGKILL, again and again, under load: each takes what was under way in it, and no more."""
    returns = []
    clients = 4
    with service(folder) as running, load(running.port, digit(), clients) as stop:
        for _ in range(effort.kills):
            victim = running.workers()[0]
            os.kill(victim, signal.SIGKILL)
            returns.append(
                eventually(lambda victim=victim: _are_two_without(running, victim))  # type: ignore[misc]
            )
            time.sleep(0.2)
        tally = stop()
    faults = faults_of(tally, lost=clients * effort.kills)
    if max(returns) > LONGEST_RETURN:
        faults += (f"a worker came back after {max(returns):.1f} s only",)
    note = (
        f"back within {max(returns):.2f} s, {tally.lost / effort.kills:.1f} requests lost by each"
    )
    return Row(f"{effort.kills} workers killed", tally, note, faults)


def _are_two_without(running: Service, victim: int) -> bool:
    found = running.workers()
    return len(found) == 2 and victim not in found


def full_disk(folder: Path, effort: Effort) -> Row:
    """No file may grow any more, the log's device is full; then all workers are replaced."""
    full = Path("/dev/full").open("wb")  # noqa: SIM115 - closed below
    with full, service(folder, stdout=full, stderr=full) as running:
        for pid in (running.process.pid, *running.workers()):
            resource.prlimit(pid, resource.RLIMIT_FSIZE, (0, 0))
        with load(running.port, digit(), 4) as stop:
            time.sleep(effort.seconds / 2)
            _replace_all(running, lambda: running.process.send_signal(signal.SIGHUP))
            time.sleep(effort.seconds / 2)
            tally = stop()
    return Row("a full disk", tally, "and a reload meanwhile", faults_of(tally))


def no_home(folder: Path, effort: Effort) -> Row:
    """A user without a name, a home, or a variable that tells of one."""
    base = {"PATH": os.environ["PATH"]}
    who = {"user": NOBODY, "group": NOBODY, "extra_groups": []} if _may_become_nobody() else {}
    with service(folder, base=base, **who) as running:
        tally = ask_until(over_after(effort.seconds / 3), running.port, digit(), 2)
    note = f"user {NOBODY}" if who else "no HOME"
    return Row("no home", tally, note, faults_of(tally))


def _may_become_nobody() -> bool:
    """Whether another user can be taken, who reaches this Python."""
    python = Path(sys.executable).resolve()
    return os.geteuid() == 0 and all(
        path.stat().st_mode & 0o001 for path in (python, *python.parents)
    )


def memory(folder: Path, effort: Effort) -> Row:
    """Level memory at 70 % of what can be answered, with requests of all kinds."""
    picture = known_picture()
    mixture = [request(picture, path) for path in ("/predict", "/read", "/explain")]
    with service(folder) as running:
        full = ask_until(over_after(5), running.port, mixture, 4)
        rate = 0.7 * full.statuses[200] / 5
        samples: list[float] = []
        over, ended = over_after(60 * effort.minutes), threading.Event()

        def watch() -> None:
            while not ended.wait(min(1.0, 60 * effort.minutes / 40)):
                samples.append(running.memory())

        watching = threading.Thread(target=watch)
        watching.start()
        tally = ask_until(over, running.port, mixture, 16, rate)
        ended.set()
        watching.join()
    quarter = max(1, len(samples) // 4)
    before, after = (sorted(s)[len(s) // 2] for s in (samples[quarter : 2 * quarter] or samples,
                                                       samples[-quarter:]))  # fmt: skip
    faults = faults_of(tally, (200, 503))
    if after > LEAST_LEVEL * before:
        faults += (f"memory grew from {before:.0f} to {after:.0f} MiB",)
    note = f"{before:.0f} MiB in the second quarter, {after:.0f} in the last; {rate:.0f} requests/s"
    return Row(f"{effort.minutes:g} minutes at 70 % load", tally, note, faults)


TRIALS: dict[str, Callable[[Path, Effort], Row]] = {
    "overload": overload,
    "slow": slow_clients,
    "reloads": reloads,
    "recycling": recycling,
    "kills": kills,
    "disk": full_disk,
    "home": no_home,
    "memory": memory,
}


def run(name: str, effort: Effort) -> Row:
    """Run a trial; whatever goes wrong is a fault of it."""
    folder = Path(tempfile.mkdtemp(prefix="soak-"))
    try:
        return TRIALS[name](folder, effort)
    except (OSError, RuntimeError, TimeoutError) as error:
        return Row(name, Tally(), "", (str(error),))
    finally:
        shutil.rmtree(folder, ignore_errors=True)
