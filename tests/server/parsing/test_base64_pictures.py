import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.parsing.base64_pictures import decode_base64
from server.problems import Problem


@given(st.binary(max_size=200))
def test_what_an_encoder_writes_is_decoded(data):
    text = base64.b64encode(data).decode()
    assert decode_base64(text) == data
    assert decode_base64(f"data:image/png;base64,{text}") == data
    assert decode_base64(" " + "\r\n".join(text[i : i + 4] for i in range(0, len(text), 4))) == data


@pytest.mark.parametrize(
    "text",
    [
        "YWJj=",
        "YWJj====",
        "YWK=",  # bits left over that an encoder would not write
        "YWI",
        "YW=I",
        "YW-+",
        "-_/=",
        "äöü=",
        "\ud800",
        "data:image/png,YWJj",
        "data:image/png;base64YWJj",
        "data:;base64",
        "YWJj data:image/png;base64,YWJj",
    ],
)
def test_what_no_encoder_writes_is_refused(text):
    with pytest.raises(Problem) as caught:
        decode_base64(text)
    assert (caught.value.code, caught.value.status) == ("not_base64", 422)


@pytest.mark.parametrize(
    "prefix",
    [
        "DATA:image/PNG;BASE64,",
        "Data:;base64,",
        "data:image/png;charset=utf-8;base64,",
        "data:image/png; base64 ,",
        "\n data:image/png;base64,\n",
    ],
)
def test_a_data_url_may_be_written_in_any_way_that_browsers_read(prefix):
    assert decode_base64(f"{prefix}YWJj") == b"abc"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("YW-+", "both alphabets"),
        ("http://a.example/digit.png", "no ':'"),
        ("YWJ", "padding"),
        ("data:image/png,YWJj", ";base64"),
    ],
)
def test_it_is_said_what_is_wrong_with_base64(text, words):
    with pytest.raises(Problem) as caught:
        decode_base64(text)
    assert words in caught.value.detail


@given(st.text(alphabet="ABab+/=", max_size=12))
def test_base64_is_canonical_or_refused(text):
    try:
        data = decode_base64(text)
    except Problem:
        return
    assert base64.b64encode(data).decode() == text


@given(st.binary(min_size=1))
def test_url_safe_base64_is_taken_with_and_without_padding(data):
    text = base64.urlsafe_b64encode(data).decode()
    assert decode_base64(text) == data
    if "-" in text or "_" in text:
        assert decode_base64(text.rstrip("=")) == data
