#!/usr/bin/env python3
"""Check your answer to an exercise of docs/how-it-works.md: the engine computes the right one.

python scripts/learning/exercise.py              # which there are
python scripts/learning/exercise.py 8.1          # asks for your answer
python scripts/learning/exercise.py 8.1 16       # checks it
python scripts/learning/exercise.py 8.1 --solve  # gives up
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from scripts.training.environment import use_environment

use_environment()

from scripts.learning.exercises import BOOK, Exercise, exercises, is_right, number, solve


def main(argv: list[str] | None = None) -> int:
    """Run the command; return its exit status: 1 for an answer that is not right."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("exercise", nargs="?", help="such as 8.1")
    parser.add_argument("answer", nargs="?", help="a number, such as 27, -0.25 or 1/9")
    parser.add_argument("--solve", action="store_true", help="show the solution")
    # What looks like an option may be an answer: -1.
    options, rest = parser.parse_known_args(argv)
    known = exercises(BOOK.read_text(encoding="utf-8"))
    if options.exercise is None:
        for exercise in known.values():
            print(f"{exercise.name:>4}  {exercise.question}")
        return 0
    if options.exercise not in known:
        print(f"exercise.py: there is no exercise {options.exercise}", file=sys.stderr)
        return 1
    exercise = known[options.exercise]
    if options.solve:
        print(f"{exercise.question}\n\n{solve(exercise):g}: {exercise.why}\n\n{exercise.code}")
        return 0
    return check(exercise, options.answer or "".join(rest))


def check(exercise: Exercise, text: str) -> int:
    """Say whether an answer is right; ask for it if there is none."""
    text = text or input(f"{exercise.question}\nYour answer: ")
    try:
        given = number(text)
    except (ValueError, ZeroDivisionError):
        print(f"exercise.py: {text!r} is no number, such as 27, -0.25 or 1/9", file=sys.stderr)
        return 1
    right = is_right(given, solve(exercise))
    print("Right." if right else "Not yet.")
    return 0 if right else 1


if __name__ == "__main__":
    sys.exit(main())
