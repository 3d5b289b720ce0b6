"""The exercises: two for each chapter, and every answer is what the engine computes."""

import json

import pytest

from scripts.learning import exercise
from scripts.learning.exercises import BOOK, exercises, is_right, number, solve, with_forms
from server.learn import chapters

ALL = exercises(BOOK.read_text())


def test_every_chapter_has_two():
    assert list(ALL) == [f"{chapter}.{i}" for chapter in chapters.chapters() for i in (1, 2)]


@pytest.mark.parametrize("name", ALL)
def test_the_answer_is_what_the_engine_computes(name):
    asked = ALL[name]
    assert is_right(solve(asked), asked.answer)
    assert is_right(asked.answer, solve(asked))
    assert not is_right(asked.answer + 1, solve(asked))
    assert asked.question.endswith(("?", "."))
    assert asked.why.endswith(".")


@pytest.mark.parametrize(
    ("text", "value"),
    [("27,060", 27060), ("−0.5", -0.5), (" 1/4 ", 0.25), ("3.", 3), ("-1", -1), ("1 024", 1024)],
)
def test_numbers_are_read_as_people_write_them(text, value):
    assert number(text) == value


@pytest.mark.parametrize("text", ["", "four", "1/2/3"])
def test_other_texts_are_no_numbers(text):
    with pytest.raises(ValueError, match="could not convert"):
        number(text)


def test_whole_answers_are_exact_and_others_have_three_digits():
    assert is_right(27060, 27060)
    assert not is_right(27061, 27060)
    assert is_right(0.408, 0.40760596)
    assert not is_right(0.41, 0.40760596)


def test_a_question_gets_a_form_with_its_answer():
    html = (
        "<p><strong>9.9.</strong> What?</p>\n<details><summary>Solution</summary>\n"
        "<p><strong>1/8</strong> So.</p></details>"
    )
    formed = with_forms(html)
    assert formed.startswith("<p><strong>9.9.</strong> What?</p>\n<form")
    assert 'data-answer="0.125" data-tolerance="0.005" hidden>' in formed
    assert formed.endswith(html.partition("\n")[2])


def test_every_question_of_the_page_has_a_form(root):
    page = (root / "templates/learn/how-it-works.html").read_text()
    assert page.count('<form class="exercise"') == len(ALL)
    for asked in ALL.values():
        assert f'data-answer="{asked.answer!r}"' in page


@pytest.mark.parametrize(
    ("arguments", "status", "said"),
    [
        (["6.2", "-1"], 0, "Right.\n"),
        (["6.2", "1"], 1, "Not yet.\n"),
        (["8.1", "16"], 0, "Right.\n"),
    ],
)
def test_the_command_checks_an_answer(arguments, status, said, capsys):
    assert exercise.main(arguments) == status
    assert capsys.readouterr().out == said


def test_the_command_asks_and_lists_and_gives_up(monkeypatch, capsys):
    asked = []
    monkeypatch.setattr("builtins.input", lambda text: asked.append(text) or "784")
    assert exercise.main(["9.2"]) == 0
    assert asked == [f"{ALL['9.2'].question}\nYour answer: "]
    assert exercise.main([]) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(ALL) + 1
    assert exercise.main(["9.2", "--solve"]) == 0
    assert "784: 7 · 7 · 16" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [(["99.1", "1"], "there is no exercise 99.1"), (["8.1", "four"], "'four' is no number")],
)
def test_the_command_says_what_it_cannot_take(arguments, said, capsys):
    assert exercise.main(arguments) == 1
    assert said in capsys.readouterr().err


def test_the_answers_of_the_page_are_json(root):
    assert all(json.loads(repr(asked.answer)) == asked.answer for asked in ALL.values())
