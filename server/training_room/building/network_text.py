"""A network written as Python, read without running it.

Only calls of known layers with literal arguments are understood: ``Sequential([Conv2D(8, 5),
ReLU()])``. The text is taken apart by `ast`; nothing in it is ever executed.
"""

import ast
from typing import Any

from convnet import Layer
from convnet.layers import LAYERS

LONGEST_TEXT = 10_000
MOST_LAYERS = 64
DEEPEST = 6
"""Layers within each other. Shapes of what is within are asked for again at each of them."""
LARGEST_NUMBER = 10_000


def layers_of(text: str) -> list[Layer]:
    """Return the layers that a text describes.

    Raises
    ------
    ValueError
        If it is anything but layers with literal arguments, or a layer refuses its arguments.
    """
    if len(text) > LONGEST_TEXT:
        raise ValueError(f"the text may have at most {LONGEST_TEXT} characters, got {len(text)}")
    try:
        statements = ast.parse(text).body
        layers = _layers(_listed(statements))
        repr(layers)  # which every answer needs
    except SyntaxError as error:
        raise ValueError(f"this is not Python: {error.msg}, line {error.lineno}") from None
    except (RecursionError, MemoryError):
        raise ValueError("this is nested too deeply") from None
    return layers


def _listed(statements: list[ast.stmt]) -> ast.expr:
    """Return the list of layers within ``Sequential([…], …)``, ``name = …``, or ``[…]`` alone."""
    if len(statements) != 1 or not isinstance(statements[0], ast.Expr | ast.Assign):
        raise ValueError("write one `Sequential([…])`, or a list of layers")
    value = statements[0].value
    if isinstance(value, ast.Call):
        if _name(value) != "Sequential" or not value.args:
            raise ValueError("write one `Sequential([…])`, or a list of layers")
        return value.args[0]
    return value


def _layers(node: ast.expr) -> list[Layer]:
    if not isinstance(node, ast.List | ast.Tuple) or not node.elts:
        raise ValueError("layers stand in a list: `[Conv2D(8, 5), ReLU()]`")
    if sum(isinstance(part, ast.Call) for part in ast.walk(node)) > MOST_LAYERS:
        raise ValueError(f"a network here has at most {MOST_LAYERS} layers")
    if _depth(node) > DEEPEST:
        raise ValueError(f"layers here stand at most {DEEPEST} deep within each other")
    return [_layer(part) for part in node.elts]


def _depth(node: ast.AST) -> int:
    """Return how many calls stand within each other."""
    within = max(map(_depth, ast.iter_child_nodes(node)), default=0)
    return within + isinstance(node, ast.Call)


def _layer(node: ast.expr) -> Layer:
    name = _name(node)
    if not isinstance(node, ast.Call) or name not in LAYERS:
        known = ", ".join(sorted(LAYERS))
        raise ValueError(f"line {node.lineno}: not one of the layers {known}")
    arguments = [_argument(value) for value in node.args]
    named = {word.arg: _argument(word.value) for word in node.keywords if word.arg is not None}
    if len(named) < len(node.keywords):
        raise ValueError(f"line {node.lineno}: `**` is not taken")
    try:
        return LAYERS[name](*arguments, **named)
    except (TypeError, ValueError, OverflowError, AttributeError) as error:
        raise ValueError(f"{name}: {error}".replace(f"{name}.__init__() ", "")) from None


def _argument(node: ast.expr) -> Any:
    """Return a literal, or the layers of a branch."""
    if isinstance(node, ast.List | ast.Tuple):
        if any(isinstance(part, ast.Call) for part in node.elts):
            return _layers(node)
        return (
            [_argument(part) for part in node.elts]
            if isinstance(node, ast.List)
            else tuple(_argument(part) for part in node.elts)
        )
    minus = isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub)
    literal = node.operand if minus and isinstance(node, ast.UnaryOp) else node
    if isinstance(literal, ast.Constant) and isinstance(literal.value, int | float | str | None):
        value = literal.value
        if isinstance(value, int) and value > LARGEST_NUMBER:
            raise ValueError(f"line {node.lineno}: numbers here are at most {LARGEST_NUMBER:,}")
        return -value if minus and isinstance(value, int | float) else value
    raise ValueError(f"line {node.lineno}: arguments must be plain numbers, words or lists of them")


def _name(node: ast.expr) -> str:
    """Return the name of the layer that is called, with ``convnet.`` before it or without."""
    function = node.func if isinstance(node, ast.Call) else None
    if isinstance(function, ast.Name):
        return function.id
    of_package = isinstance(function, ast.Attribute) and isinstance(function.value, ast.Name)
    return function.attr if of_package and isinstance(function, ast.Attribute) else ""
