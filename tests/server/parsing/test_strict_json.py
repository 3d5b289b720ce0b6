import json

import pytest

from server.parsing.strict_json import load_json
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
        "[" * 201 + "]" * 201,
        '["]]]]",' * 201 + "1" + "]" * 201,
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


@pytest.mark.parametrize(
    "text",
    ["[" * 200 + "]" * 200, '["' + "[{" * 300 + '"]', '["\\"' + "[" * 300 + '"]', "[[],[]]"],
)
def test_what_is_as_deep_as_may_be_is_read_and_brackets_in_strings_do_not_count(text):
    assert load_json(text.encode()) == json.loads(text)


def test_many_shallow_arrays_are_read():
    text = "[" + ",".join(["[1]"] * 1000) + "]"
    assert load_json(text.encode()) == [[1]] * 1000
