"""Processor time is limited, and who has used up theirs ends at the next step."""

import base64
import io
import threading
import time

import numpy as np
import pytest
from PIL import Image

from server import budget, create_app
from server.images.decode import read_picture
from tests.support.http import problem

ROUTES = ("/predict", "/read", "/explain")


class Clock:
    """Goes on by a millisecond whenever somebody looks at it."""

    def __init__(self) -> None:
        self.looks = 0

    def __call__(self) -> float:
        self.looks += 1
        return self.looks / 1000


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(budget.time, "thread_time", clock)
    return clock


def file_of(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def digits() -> bytes:
    """Draw bars on a grid, as ones on a page."""
    page = np.full((400, 400), 255, np.uint8)
    for top in range(20, 380, 60):
        for left in range(20, 380, 40):
            page[top : top + 40, left : left + 6] = 0
    return file_of(page)


def check_for_ever() -> None:
    while True:
        budget.check()


def test_time_is_used_up_by_computing_and_not_by_waiting() -> None:
    with budget.limit(30):
        time.sleep(0.1)
        budget.check()
        with pytest.raises(budget.OverBudget):
            check_for_ever()
    budget.check()


def test_a_limit_within_another_gives_no_more_time(clock: Clock) -> None:
    with budget.limit(3), budget.limit(100), pytest.raises(budget.OverBudget):
        check_for_ever()
    assert clock.looks < 7
    with budget.limit(0):
        for _ in range(1000):
            budget.check()


def test_threads_have_limits_of_their_own(clock: Clock) -> None:
    failed = []

    def compute() -> None:
        try:
            budget.check()
        except budget.OverBudget:
            failed.append(True)

    with budget.limit(1):
        thread = threading.Thread(target=compute)
        thread.start()
        thread.join()
    assert not failed


@pytest.mark.parametrize("route", ROUTES)
@pytest.mark.parametrize("looks", [1, 3])
def test_who_uses_up_the_time_is_answered_so_and_ends(route: str, looks: int, clock: Clock) -> None:
    settings = dict.fromkeys(("PICTURE_MILLISECONDS", "READ_MILLISECONDS"), looks)
    client = create_app(settings).test_client()
    clock.looks = 0
    response = client.post(route, data=digits(), content_type="image/png")
    problem(response, 422, "too_complex")
    assert clock.looks <= looks + 3


def test_of_a_batch_the_picture_is_named(clock: Clock, seven: bytes) -> None:
    client = create_app({"BATCH_MILLISECONDS": 60}).test_client()
    pictures = [base64.b64encode(seven).decode()] * 32
    response = client.post("/predict", json={"images": pictures})
    problem(response, 422, "too_complex")
    assert 1 <= response.get_json()["index"] < 31
    response = client.post("/predict", json={"images": pictures[:2]})
    assert response.status_code == 200


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF"])
def test_decoding_ends_in_the_middle_of_a_file(
    kind: str, clock: Clock, rng: np.random.Generator
) -> None:
    data = file_of(rng.integers(0, 256, (700, 700)).astype(np.uint8), kind)
    with budget.limit(20), pytest.raises(budget.OverBudget):
        read_picture(data)
    ended = clock.looks
    assert ended < 25
    clock.looks = 0
    read_picture(data)
    assert clock.looks > 2 * ended


@pytest.mark.parametrize("route", ROUTES)
def test_by_default_a_page_of_digits_has_time_enough(route: str) -> None:
    response = create_app().test_client().post(route, data=digits(), content_type="image/png")
    assert response.status_code == 200
