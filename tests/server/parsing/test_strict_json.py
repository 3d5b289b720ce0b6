import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.parsing.strict_json import decode_base64, load_json
from server.problems import Problem


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "nonsense",
        "[1,]",
        "{'a': 1}",
        '{"a": NaN}',
        "[Infinity]",
        "[-Infinity]",
        "[1e999]",
        '{"a": 1, "a": 2}',
        '{"deep": {"a": 1, "a": 1}}',
        '["\\ud800"]',
        '{"\\udfff": 1}',
        "[" * 100_000,
        "[" * 100_000 + "]" * 100_000,
        '{"a":' * 2_000 + "1" + "}" * 2_000,
        "9" * 5_000,
        '"unfinished',
        '"tab\tinside"',
    ],
)
def test_what_is_not_json_is_refused(text):
    with pytest.raises(Problem) as caught:
        load_json(text.encode())
    assert (caught.value.code, caught.value.status) == ("not_json", 400)


@pytest.mark.parametrize("encoding", ["utf-16", "utf-32", "utf-8-sig", "latin-1"])
def test_json_is_utf8(encoding):
    with pytest.raises(Problem):
        load_json('{"ä": 1}'.encode(encoding))


def test_good_json_passes_unchanged():
    text = '{"a": [1, 2.5, null, true, "\\u00e9\\ud83d\\ude00é"], "b": {}}'
    assert load_json(text.encode()) == {"a": [1, 2.5, None, True, "é😀é"], "b": {}}


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
        "YW-_",
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
        ("YW-_", "+ and /"),
        ("http://a.example/digit.png", "no ':'"),
        ("YWJ", "padding"),
        ("data:image/png,YWJj", ";base64"),
    ],
)
def test_it_is_said_what_is_wrong_with_base64(text, words):
    with pytest.raises(Problem) as caught:
        decode_base64(text)
    assert words in caught.value.detail


def test_a_number_of_thousands_of_digits_is_refused_in_our_own_words():
    with pytest.raises(Problem) as caught:
        load_json(b'{"top": ' + b"9" * 5_000 + b"}")
    assert caught.value.detail == (
        "the body is not valid JSON: 99999999999999999999… is too large a number"
    )
    assert load_json(b"9" * 300) == int("9" * 300)


@pytest.mark.parametrize("value", ["[],", "{},", "0,", '"",', '{"a":0},', "[[[]]],"])
def test_json_of_too_many_values_is_refused_before_it_is_parsed(value, monkeypatch):
    most = 1000
    count = 1 + sum(value.count(mark) for mark in ",[{")
    assert len(load_json(f"[{value * (most // count)}0]".encode(), most)) == 1 + most // count
    monkeypatch.setattr("json.loads", lambda *_, **__: pytest.fail("it was parsed"))
    with pytest.raises(Problem) as caught:
        load_json(f"[{value * most}0]".encode(), most)
    assert (caught.value.code, caught.value.status) == ("too_large", 413)
    assert str(most) in caught.value.detail


@given(st.text(alphabet="ABab+/=", max_size=12))
def test_base64_is_canonical_or_refused(text):
    try:
        data = decode_base64(text)
    except Problem:
        return
    assert base64.b64encode(data).decode() == text
