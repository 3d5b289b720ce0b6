"""What is freed is kept where a lot is computed, and only there."""

import os
import subprocess
import sys

import numpy as np
import pytest

import convnet
from convnet import network
from convnet.runtime import malloc
from convnet.training import trainer

PAGES = """
import resource
from convnet.runtime.malloc import keep_freed_memory
import numpy as np

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(4):
        np.empty((4, 1 << 20)).fill(1)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages()
print(pages(), keep_freed_memory(64 << 20), (pages(), pages())[1])
"""


def run(**variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("MALLOC_", "GLIBC_"))}
    shown = subprocess.run(
        [sys.executable, "-c", PAGES],
        env=environment | variables,
        capture_output=True,
        text=True,
        check=True,
    )
    before, kept, after = shown.stdout.split()
    if kept == "False" and not variables:
        pytest.skip("this C library has no mallopt")
    return int(before), kept == "True", int(after)


def test_arrays_find_their_pages_again():
    before, kept, after = run()
    assert kept
    assert after < before / 100


def test_a_choice_in_the_environment_is_left_alone():
    _, kept, _ = run(MALLOC_TRIM_THRESHOLD_="131072")
    assert not kept


@pytest.fixture
def kept(monkeypatch):
    """Count how often memory is kept."""
    calls = []
    for module in (network, trainer):
        monkeypatch.setattr(module, "keep_freed_memory", calls.append)
    return calls


@pytest.mark.parametrize(("images", "expected"), [(32, 0), (33, 1)])
def test_only_large_predictions_keep_memory(images, expected, kept, rng):
    net = convnet.build("cnn-numpy", rng=rng)
    net.forward(np.zeros((images, 28, 28, 1), np.float32))
    assert len(kept) == expected


def test_predictions_keep_less_than_a_decoded_photo(kept, rng):
    """What the service decodes pictures in (Pillow's blocks of 16 MiB) goes back to the system."""
    convnet.build("cnn-numpy", rng=rng).forward(np.zeros((64, 28, 28, 1), np.float32))
    assert kept[0] < 16 << 20
    convnet.Trainer(convnet.build("cnn-numpy", rng=rng))
    assert kept[1] > kept[0]


def test_nobody_keeps_less_than_was_said_before(monkeypatch):
    options = []
    monkeypatch.setattr(malloc, "_kept", 0)
    monkeypatch.setattr(malloc, "_is_chosen", False)
    monkeypatch.setattr(malloc, "_mallopt", lambda *option: options.append(option) or True)
    for largest in (1 << 20, 1 << 30, 1 << 20):
        assert malloc.keep_freed_memory(largest)
    assert options == [(-3, 1 << 20), (-1, 4 << 20), (-3, 1 << 30), (-1, 1 << 30)]


def test_what_a_program_chooses_is_left_alone(monkeypatch):
    options = []
    monkeypatch.setattr(malloc, "_kept", 0)
    monkeypatch.setattr(malloc, "_is_chosen", False)
    monkeypatch.setattr(malloc, "_mallopt", lambda *option: options.append(option) or True)
    assert malloc.set_thresholds(mmap=8 << 20, trim=4 << 20)
    assert not malloc.keep_freed_memory(12 << 20)
    assert options == [(-3, 8 << 20), (-1, 4 << 20)]


DRAWINGS = """
import resource
import numpy as np
from server import create_app
from server.finding.prepare import preprocess

create_app()
drawing = np.full((280, 280), 255, np.uint8)
drawing[60:220, 130:150] = 0

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    for _ in range(10):
        preprocess(drawing)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages()
print(pages())
"""


HEAT_MAPS = """
import resource
from convnet.runtime import malloc
from server import create_app
from server.self_test import known_picture

options = []
set_option = malloc._mallopt
malloc._mallopt = lambda *option: options.append(option) or set_option(*option)
pipeline = create_app().extensions["services"].pipeline
picture = known_picture()

def pages():
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    pipeline.explain(picture, frozenset(), heatmap=True)
    pipeline.infer([pipeline.predict([picture]).inputs[0]] * 256)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before

pages()
print(pages(), len(options))
"""


def test_many_inputs_at_once_keep_to_what_the_service_has_chosen():
    """And still find their pages again: thousands of them, if they were computed all at once."""
    shown = subprocess.run(
        [sys.executable, "-c", HEAT_MAPS], capture_output=True, text=True, check=True
    )
    faults, options = map(int, shown.stdout.split())
    assert options <= 3  # at start, and not again
    assert faults < 1000


def test_drawings_find_the_memory_of_earlier_ones():
    shown = subprocess.run(
        [sys.executable, "-c", DRAWINGS], capture_output=True, text=True, check=True
    )
    assert int(shown.stdout) < 100
