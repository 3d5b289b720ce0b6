"""Processor time that a request may take, which nothing in it can raise.

Whoever computes asks between two steps whether there is time left; where there is none, the request
ends there. Only this thread's own time counts: a busy machine refuses nothing that an idle one
would read.
"""

import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

_end = ContextVar("end", default=math.inf)


class OverBudget(Exception):
    """The time is used up.

    Attributes
    ----------
    detail : str
        A sentence for people.
    """

    def __init__(self) -> None:
        self.detail = "the picture takes too long to read: send a smaller or a simpler one"
        super().__init__(self.detail)


@contextmanager
def limit(milliseconds: float) -> Iterator[None]:
    """Give a block so much processor time, or what is left of the block around it; 0 is any."""
    end = time.thread_time() + milliseconds / 1000 if milliseconds else math.inf
    before = _end.set(min(end, _end.get()))
    try:
        yield
    finally:
        _end.reset(before)


def check() -> None:
    """Raise `OverBudget` if the time of the block around this is used up."""
    if time.thread_time() > _end.get():
        raise OverBudget
