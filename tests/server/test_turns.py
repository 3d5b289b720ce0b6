"""Turns go to those who wait in the order in which they came."""

import threading

import pytest

from server.turns import Turns
from tests.support.live import eventually


def test_who_came_first_is_first() -> None:
    turns, order = Turns(), []

    def work(name: int) -> None:
        with turns:
            order.append(name)

    threads = [threading.Thread(target=work, args=(name,)) for name in range(5)]
    with turns:
        for count, thread in enumerate(threads, start=1):
            thread.start()
            eventually(lambda count=count: len(turns._waiting) == count)
    for thread in threads:
        thread.join()
    assert order == list(range(5))


def test_who_asks_again_at_once_is_behind_those_who_wait() -> None:
    turns, order = Turns(), []

    def wait() -> None:
        with turns:
            order.append("other")

    thread = threading.Thread(target=wait)
    with turns:
        thread.start()
        eventually(lambda: turns._waiting)
    with turns:
        order.append("again")
    thread.join()
    assert order == ["other", "again"]


def test_a_fault_ends_the_turn() -> None:
    turns = Turns()
    with pytest.raises(ValueError, match="fault"), turns:
        raise ValueError("fault")
    with turns:
        pass
