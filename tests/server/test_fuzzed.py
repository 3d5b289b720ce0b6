"""A little of `python -m tests.support.fuzzing`: only answers and refusals with their reason."""

import pytest

from tests.support.fuzzing.targets import TARGETS, run

COUNT = {"weights": 120, "npz": 150, "IDX": 300, "CSV": 300, "form": 60}


@pytest.mark.parametrize("kind", TARGETS)
def test_strange_inputs_are_read_or_refused(kind: str) -> None:
    for tally in run(kind, COUNT.get(kind, 30)):
        assert not tally.faults
    assert len(tally.counts) > 1  # some pass the first checks


def test_what_was_once_a_fault_is_refused() -> None:
    for tally in run("IDX", 1, first=816):  # no pictures, 4,294,967,295 pixels wide
        assert not tally.faults
