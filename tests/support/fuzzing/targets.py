"""What reads the inputs, and what may come of it: an answer, or a refusal with its reason."""

import random
import tempfile
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from flask import Flask

from convnet import datasets, weights
from convnet.datasets import idx
from server import create_app
from tests.support.fuzzing import documents, files, pictures

Make = Callable[[random.Random], bytes]


@dataclass
class Tally:
    """What came of inputs of one kind: how often each answer, and the faults."""

    counts: Counter[str] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)


@cache
def app() -> Flask:
    return create_app({"LOG_LEVEL": "error"})


def asked(data: bytes, path: str, media_type: str) -> str:
    """Send a body to the service; its answer must say what is wrong, and no fault of its own."""
    response = app().test_client().post(path, data=data, content_type=media_type)
    if response.status_code == 200:
        return "200"
    body = response.get_json()
    assert 400 <= response.status_code < 500, (response.status_code, body)
    assert body["detail"], body
    return f"{response.status_code} {body['code']}"


def sent_as(media_type: str, *paths: str) -> Callable[[bytes, random.Random], str]:
    def send(data: bytes, rng: random.Random) -> str:
        return asked(data, rng.choice(paths), media_type)

    return send


def read_as(name: str, read: Callable[[Path], object]) -> Callable[[bytes, random.Random], str]:
    """Read a file; what is wrong must be a ValueError that names it and gives the reason."""

    def try_to(data: bytes, _: random.Random) -> str:
        with tempfile.TemporaryDirectory(dir=memory()) as folder:
            path = Path(folder) / name
            path.write_bytes(data)
            try:
                read(path)
            except ValueError as error:
                said = str(error)
            else:
                return "read"
        assert name in said, said
        assert len(said) > len(str(path)) + 5, said
        return "refused"

    return try_to


def memory() -> str | None:
    """Return a folder that is no disk, if there is one."""
    return "/dev/shm" if Path("/dev/shm").is_dir() else None


ROUTES = (*["/predict"] * 8, "/read", "/explain")
TARGETS: dict[str, tuple[Make, Callable[[bytes, random.Random], str]]] = {
    **{
        kind: (make, sent_as(f"image/{kind.lower()}", *ROUTES))
        for kind, make in pictures.FUZZED.items()
    },
    "JSON": (documents.fuzzed_json, sent_as("application/json", *ROUTES)),
    "JSON of tensors": (
        lambda rng: documents.fuzzed_json(rng, documents.tensor),
        sent_as("application/json", "/v2/models/digits/infer"),
    ),
    "form": (documents.fuzzed_form, sent_as("multipart/form-data; boundary=x", *ROUTES)),
    "weights": (files.fuzzed_weights, read_as("n.npz", weights.load)),
    "npz": (files.fuzzed_npz, read_as("d.npz", datasets.load)),
    "IDX": (files.fuzzed_idx, read_as("d-idx3-ubyte", lambda path: idx.read(path, 3))),
    "CSV": (files.fuzzed_csv, read_as("d.csv", datasets.load)),
}


def run(kind: str, count: int, first: int = 0) -> Iterator[Tally]:
    """Try inputs of one kind, by the numbers `first` …; yield the tally after each."""
    make, read = TARGETS[kind]
    tally = Tally()
    for seed in range(first, first + count):
        rng = random.Random(f"{kind} {seed}")
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                data = make(rng)
                tally.counts[read(data, rng)] += 1
        except Exception as error:  # whatever the input provokes is what is looked for
            tally.faults.append(f"{kind} {seed}: {type(error).__name__}: {str(error)[:200]}")
        yield tally
