import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.problems import Problem
from server.worker.framing import FRAMING_ALLOWANCE, FRAMING_SHARE, HEAD_LIMIT, RequestReader

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"
POST = b"POST /p HTTP/1.1\r\nContent-Length: 5\r\nHost: x\r\n\r\nabcde"
CHUNKED_HEAD = b"POST /p HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
CHUNKED = CHUNKED_HEAD + b"3\r\nabc\r\n0a;note=1\r\n0123456789\r\n0\r\n\r\n"
TRAILED = CHUNKED[:-2] + b"Sum: 1\r\n\r\n"
BODIES = {GET: b"", POST: b"abcde", CHUNKED: b"abc0123456789", TRAILED: b"abc0123456789"}
MIB = 1024 * 1024


def refusal(data, reader=None):
    reader = reader or RequestReader(8 * MIB)
    with pytest.raises(Problem) as caught:
        assert not reader.feed(data)
    return caught.value.status


def refused_after(reader, data, step):
    """Feed pieces of `step` bytes; return the status of the refusal, and the bytes before it."""
    for start in range(0, len(data), step):
        try:
            assert not reader.feed(data[start : start + step])
        except Problem as problem:
            return problem.status, start
    return None, len(data)


@pytest.mark.parametrize("data", BODIES)
def test_a_request_is_whole_with_its_last_byte_and_not_before(data):
    reader = RequestReader(100)
    for byte in data[:-1]:
        assert not reader.feed(bytes([byte]))
    assert reader.feed(data[-1:])
    assert reader.body.read() == BODIES[data]


@given(st.lists(st.sampled_from(list(BODIES)), min_size=2, max_size=4), st.data())
def test_requests_that_come_together_are_told_apart(requests, data):
    reader, stream = RequestReader(100), b"".join(requests)
    cuts = sorted(data.draw(st.sets(st.integers(0, len(stream)), max_size=5)) | {len(stream)})
    seen, start = [], 0
    for cut in cuts:
        piece, start = stream[start:cut], cut
        while reader.feed(piece):
            seen.append((reader.head.method, reader.body.read()))
            reader.restart()
            piece = b""
    assert seen == [(data.split(b" ")[0], BODIES[data]) for data in requests]
    assert not reader.has_begun


def test_the_next_request_is_not_looked_at_before_the_last_is_answered():
    reader = RequestReader(100)
    assert reader.feed(GET + b"nonsense\n")
    assert reader.data == b"nonsense\n"
    reader.restart()
    assert refusal(b"", reader) == 400


def test_empty_lines_before_a_request_are_passed_over():
    reader = RequestReader(100)
    assert not reader.feed(b"\r\n\r\n")
    assert not reader.has_begun
    assert reader.feed(GET)


@pytest.mark.parametrize(
    "data",
    [
        *(b"\n", b"GET / HTTP/1.1\n", b"GET / HTTP/1.1\r\nHost: x\n", b"A\nB"),
        *(CHUNKED_HEAD + b"3\nabc", CHUNKED_HEAD + b"3\r\nabc\n0"),
    ],
)
def test_a_line_feed_alone_is_refused_at_once(data):
    assert refusal(data) == 400


@pytest.mark.parametrize(
    "chunks",
    [
        *(b"zz\r\n", b"\r\n", b"-1\r\n", b"+1\r\n", b"0x1\r\n", b"1_0\r\n", b" 1\r\n", b"1 \r\n"),
        *(b"1" * 17 + b"\r\n", b";a=b\r\n", b"1;a=\0\r\n", b"1;a\rb\r\n", b"3\r\nabcde"),
        *(b"0\r\nno colon\r\n", b"0\r\n folded\r\n", b"0\r\nX: \0\r\n"),
    ],
)
def test_chunks_have_one_form(chunks):
    assert refusal(CHUNKED_HEAD + chunks) == 400


def test_a_chunk_size_may_have_16_digits_and_its_data_come_later():
    reader = RequestReader(100)
    assert not reader.feed(CHUNKED_HEAD + b"000000000000000A\r\n")
    assert not reader.feed(b"0123456789\r\n")
    assert reader.feed(b"0\r\n\r\n")


@pytest.mark.parametrize("size", [b"101", b"9999999999", b"1000000000000000000", b"1" + b"0" * 30])
def test_a_length_over_the_limit_is_refused_before_the_body(size):
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: "
    assert refusal(head + size + b"\r\n\r\n", RequestReader(100)) == 413


def test_no_limit_lets_in_a_length_that_is_not_read_whole():
    head = b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000000\r\n\r\n"
    assert refusal(head, RequestReader(10**30)) == 413


@pytest.mark.parametrize("size", [b"65", b"FFFFFFFFFFFFFFFF"])
def test_a_chunk_over_the_limit_is_refused_before_it_comes(size):
    assert refusal(CHUNKED_HEAD + size + b"\r\n", RequestReader(100)) == 413


def test_chunks_are_refused_that_are_too_much_together():
    chunk = b"40\r\n" + b"x" * 64 + b"\r\n"
    assert refusal(CHUNKED_HEAD + chunk * 2, RequestReader(100)) == 413


@pytest.mark.parametrize(
    "endless",
    [
        b"1\r\na\r\n" * 350_000,
        b"1;" + b"x" * MIB,
        b"1" * MIB,
        b"0\r\n" + b"X: y\r\n" * 100_000,
        b"0\r\n" + b"x" * MIB,
    ],
    ids=["tiny chunks", "an extension", "digits", "trailers", "a trailer"],
)
@pytest.mark.parametrize("step", [1000, 64 * 1024])
def test_what_is_around_a_body_is_bounded(endless, step):
    reader = RequestReader(8 * MIB)
    assert not reader.feed(CHUNKED_HEAD)
    status, taken = refused_after(reader, endless, step)
    assert status == 400
    assert taken <= 2 * FRAMING_ALLOWANCE + step


def test_small_chunks_are_taken_where_there_is_enough_in_them():
    size = 6 * FRAMING_SHARE
    reader = RequestReader(8 * MIB)
    many = (b"%x\r\n" % size + b"x" * size + b"\r\n") * 20_000
    assert reader.feed(CHUNKED_HEAD + many + b"0\r\n\r\n")
    assert reader.body_bytes == size * 20_000


@pytest.mark.parametrize("filler", [b"x", b"\r\n", b"X: " + b"x" * 1000 + b"\r\n"])
@pytest.mark.parametrize("step", [100, 1_000_000])
def test_a_head_is_bounded_whatever_it_is_made_of(filler, step):
    begun = b"" if filler == b"\r\n" else b"GET / HTTP/1.1\r\n"
    endless = begun + filler * (1_000_000 // len(filler))
    status, taken = refused_after(RequestReader(100), endless, step)
    assert status == 431
    assert taken <= HEAD_LIMIT + step


def test_fields_are_counted_as_they_come():
    begun = b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 65
    assert refusal(begun) == 431


def test_a_reader_says_what_it_holds_and_lets_go_of_it():
    reader = RequestReader(8 * MIB)
    reader.feed(b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n" + b"x" * 300)
    assert reader.held == 300
    reader.clear()
    assert reader.held == 0
    assert reader.head_so_far().method == b"POST"  # for the log
