import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.worker.framing import Arrival, chunk_size

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nContent-Length: 5\r\nHost: x\r\n\r\nabcde"
CHUNKED = (
    b"POST /p HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
    b"3\r\nabc\r\n0a;note=1\r\n0123456789\r\n0\r\n\r\n"
)
TRAILED = CHUNKED[:-2] + b"Sum: 1\r\n\r\n"
REQUESTS = (GET, POST, CHUNKED, TRAILED)


@pytest.mark.parametrize("request_bytes", REQUESTS)
def test_a_request_is_whole_with_its_last_byte_and_not_before(request_bytes):
    arrival = Arrival()
    for byte in request_bytes[:-1]:
        arrival.data.append(byte)
        assert not arrival.is_whole()
    arrival.data.append(request_bytes[-1])
    assert arrival.is_whole()
    assert arrival.end == len(request_bytes)


def test_method_and_address_are_known_as_soon_as_they_are_there():
    arrival = Arrival(bytearray(b"\r\nPUT /a?b HT"))
    assert not arrival.is_whole()
    assert arrival.target == ("PUT", "/a?b")
    arrival.data += b"TP/1.1\r\n\r\n"
    assert arrival.is_whole()
    arrival.recv(100)  # the parser has taken it
    assert arrival.target == ("PUT", "/a?b")
    arrival.restart()
    assert arrival.target == ("", "")


@given(st.lists(st.sampled_from(REQUESTS), min_size=2, max_size=4), st.data())
def test_requests_that_come_together_are_told_apart(requests, data):
    arrival, stream = Arrival(), b"".join(requests)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=5)) | {len(stream)})
    seen, start = [], 0
    for cut in cuts:
        arrival.data += stream[start:cut]
        start = cut
        while arrival.is_whole():
            seen.append(arrival.recv(arrival.end))
            arrival.restart()
    assert seen == requests


def test_fields_are_found_by_lower_case_name():
    arrival = Arrival(
        bytearray(b"GET / HTTP/1.1\r\nX-Request-ID:  a b \r\nExpect: 100-Continue\r\n\r\n")
    )
    assert arrival.is_whole()
    assert arrival.fields[b"x-request-id"] == b"a b"
    assert arrival.awaits_continue


def test_an_announced_length_counts_before_the_body_comes():
    arrival = Arrival(bytearray(POST.replace(b"5", b"123456789")))
    assert not arrival.is_whole()
    assert arrival.body_bytes == 123456789


def test_a_chunked_body_counts_as_far_as_it_has_come():
    arrival = Arrival(bytearray(CHUNKED[:-5]))
    assert not arrival.is_whole()
    assert arrival.body_bytes == len(CHUNKED) - 5 - CHUNKED.index(b"\r\n\r\n") - 4


@pytest.mark.parametrize(
    "request_bytes",
    [
        CHUNKED.replace(b"0a;", b"zz;"),
        CHUNKED.replace(b"3\r\nabc", b"\r\nabc"),
        POST.replace(b"5", b"five")[: -len(b"abcde")],
        POST.replace(b"5", b"-5"),
        b"nonsense\r\n\r\n",
    ],
)
def test_what_is_malformed_counts_as_whole_for_the_parser_to_refuse(request_bytes):
    assert Arrival(bytearray(request_bytes)).is_whole()


def test_bytes_are_handed_out_once_in_order():
    arrival = Arrival(bytearray(b"abcdef"))
    assert [arrival.recv(4), arrival.recv(4), arrival.recv(4)] == [b"abcd", b"ef", b""]


@pytest.mark.parametrize(
    ("line", "size"),
    [(b"0", 0), (b"1F", 31), (b"5 ; x=y", 5), (b"", None), (b"-1", None), (b"f" * 16, None)],
)
def test_chunk_sizes_are_hexadecimal(line, size):
    assert chunk_size(line) == size
