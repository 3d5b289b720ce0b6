import logging
import re

import pytest

from server import create_app
from server.middleware.access_log import request_id


@pytest.mark.parametrize("proposed", ["abc", "5f2c-7", "A.b_c:9", "x" * 64])
def test_sane_ids_are_taken(proposed):
    assert request_id(proposed) == proposed


@pytest.mark.parametrize("proposed", [None, "", "a b", "x" * 65, "é", "a\r\nSet-Cookie: x", '"'])
def test_other_ids_are_replaced(proposed):
    assert re.fullmatch("[0-9a-f]{32}", request_id(proposed))


def test_made_ids_differ(client):
    first, second = (client.get("/livez").headers["X-Request-Id"] for _ in range(2))
    assert first != second


def fresh_client(recognizer, **config):
    """Make a client whose application logs to the standard output as it is by now."""
    logging.getLogger("server").handlers.clear()
    return create_app(config, recognizer=recognizer).test_client()


def test_the_clients_id_is_in_answer_error_and_log(recognizer, seven, capfd):
    client = fresh_client(recognizer)
    for picture in (seven, b"no picture"):
        response = client.post(
            "/predict",
            data=picture,
            content_type="image/png",
            headers={"X-Request-Id": "trace-1"},
        )
        assert response.headers["X-Request-Id"] == response.get_json()["request_id"] == "trace-1"
    lines = capfd.readouterr().out.splitlines()
    assert [line.endswith(" id=trace-1") for line in lines] == [True, True]


def test_one_line_for_each_request_on_standard_output(recognizer, capfd):
    client = fresh_client(recognizer)
    client.get("/livez")
    client.get("/no%0Asuch%22thing")
    first, second = capfd.readouterr().out.splitlines()
    assert re.search(r'GET "/livez" status=200 ms=\d+\.\d id=[0-9a-f]{32}$', first)
    assert r'GET "/no\nsuch\"thing" status=404' in second


def test_log_level_is_a_setting(recognizer, capfd):
    fresh_client(recognizer, LOG_LEVEL="warning").get("/livez")
    assert capfd.readouterr().out == ""
