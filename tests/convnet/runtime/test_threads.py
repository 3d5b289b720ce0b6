"""Sharing one operation among threads: who does what, and when nobody else is asked."""

import threading
import time

import numpy as np
import pytest

from convnet import get_threads, set_threads
from convnet.runtime import threads
from convnet.runtime.threads import SMALL, elementwise, parallel, shares


@pytest.fixture
def two_threads():
    before = get_threads()
    set_threads(2)
    yield
    set_threads(before)


def who_does(count, **arguments):
    """Share `count` units; return the ranges in order and the threads that took them."""
    both = threading.Barrier(2)
    taken = {}

    def task(start, stop):
        if stop - start < count:
            both.wait(10)  # so that no thread takes both shares
        taken[start, stop] = threading.get_ident()

    parallel(task, count, **arguments)
    return sorted(taken), set(taken.values())


@pytest.mark.usefixtures("two_threads")
class TestTwoThreads:
    @pytest.mark.parametrize("work", [None, SMALL])
    def test_each_take_half_at_the_same_time(self, work):
        ranges, workers = who_does(5, work=work)
        assert ranges == [(0, 2), (2, 5)]
        assert len(workers) == 2

    def test_little_work_stays_with_the_caller(self):
        assert who_does(5, work=SMALL - 1) == ([(0, 5)], {threading.get_ident()})

    def test_a_share_is_not_shared_again(self):
        inner = []

        def task(start, stop):
            parallel(lambda *part: inner.append(part), 4)

        parallel(task, 2)
        assert inner == [(0, 4), (0, 4)]

    @pytest.mark.parametrize("failing", [0, 1])
    def test_the_caller_gets_the_error_of_a_share(self, failing):
        def task(start, stop):
            if start == failing:
                raise ArithmeticError("no")

        with pytest.raises(ArithmeticError, match="no"):
            parallel(task, 2)
        assert who_does(2)[0] == [(0, 1), (1, 2)]  # and the next work is shared as before

    def test_nothing_is_written_after_an_error(self):
        """The thread that still works is waited for: its arrays may be used for something else."""
        begun, failed, ended = threading.Event(), threading.Event(), []

        def task(start, stop):
            if start == 0:
                assert begun.wait(10)
                failed.set()
                raise ArithmeticError("no")
            begun.set()
            assert failed.wait(10)
            time.sleep(0.05)  # the caller's share has failed by now
            ended.append(start)

        with pytest.raises(ArithmeticError, match="no"):
            parallel(task, 2)
        assert ended == [1]

    def test_a_share_that_waits_in_the_queue_is_not_begun_after_an_error(self):
        busy, leave, done = threading.Event(), threading.Event(), []
        threads._executor().submit(lambda: (busy.set(), leave.wait(10)))
        assert busy.wait(10)  # so the pool's only thread has no time for our share

        def task(start, stop):
            done.append(start)
            raise ArithmeticError("no")

        with pytest.raises(ArithmeticError, match="no"):
            parallel(task, 2)
        leave.set()
        assert who_does(2)[0] == [(0, 1), (1, 2)]
        assert done == [0]

    @pytest.mark.parametrize("size", [100, SMALL, SMALL + 3])
    @pytest.mark.parametrize("order", ["C", "F"])
    def test_elementwise_is_the_ufunc(self, size, order, rng):
        x = np.asarray(rng.random((size, 3), np.float32), order=order)
        out = elementwise(np.square, x)
        np.testing.assert_array_equal(out, np.square(x))
        assert out.strides == x.strides


@pytest.mark.parametrize("count", [0, 1, 2, 7])
@pytest.mark.usefixtures("two_threads")
def test_shares_cover_everything_once(count):
    assert [i for start, stop in shares(count) for i in range(start, stop)] == list(range(count))


def test_one_thread_does_all():
    before = get_threads()
    set_threads(1)
    try:
        assert who_does(5) == ([(0, 5)], {threading.get_ident()})
    finally:
        set_threads(before)


def test_number_of_threads_must_be_positive():
    with pytest.raises(ValueError, match="at least 1, got 0"):
        set_threads(0)
