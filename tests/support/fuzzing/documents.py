"""Bodies of requests: JSON and forms that a parser takes apart, with anything in them."""

import base64
import json
import random
from typing import Any

from PIL import Image

from tests.support.fuzzing.pictures import FUZZED, damaged
from tests.support.pictures import drawing, encoded

NUMBERS = (0, 1, -1, 2, 28, 784, 255, 2**31, 2**63, 2**64, -(2**63), 10**300, 1e308, 5e-324, -0.0)
TEXTS = ("", "x", "0", "true", "9" * 400, "\0", "\ud800", "é", "data:;base64,", "=", "image")
NAMES = (
    *("image", "images", "top", "input", "alphabet", "layout", "maps", "heatmap"),
    *("layer", "channel", "row", "column", "inputs", "outputs"),
    *("id", "name", "shape", "datatype", "data"),
    *("parameters", "binary_data_size", "contents", "x", ""),
)
DATATYPES = ("FP32", "FP64", "UINT8", "BYTES", "INT64", "BOOL", "fp32", "")


def picture(rng: random.Random) -> bytes:
    """Return a picture, mostly strange."""
    kind = rng.choice(list(FUZZED))
    return FUZZED[kind](rng) if rng.random() < 0.7 else encoded(Image.fromarray(drawing()))


def text_of(data: bytes, rng: random.Random) -> str:
    """Write bytes in base64, now and then not quite."""
    text = base64.b64encode(data).decode()
    if rng.random() < 0.2:
        text = damaged(text.encode(), rng).decode("latin-1")
    return rng.choice(("", "", "data:image/png;base64,", "DATA:,")) + text


def value(rng: random.Random, depth: int = 0) -> Any:
    """Return any value of JSON."""
    kind = rng.randrange(9 if depth < 4 else 6)
    if kind < 2:
        return rng.choice(NUMBERS)
    if kind == 2:
        return rng.choice(TEXTS)
    if kind == 3:
        return rng.choice((None, True, False))
    if kind < 6:
        return text_of(picture(rng), rng)
    count = rng.choice((0, 1, 2, 3, 33))
    if kind == 6:
        return {rng.choice(NAMES): value(rng, depth + 1) for _ in range(count)}
    return [value(rng, depth + 2) for _ in range(count)]


def request(rng: random.Random) -> dict[str, Any]:
    """Return what may be sent to /predict, /read or /explain, with fields left out or strange."""
    body: dict[str, Any] = {"image": text_of(picture(rng), rng)}
    if rng.random() < 0.3:
        body = {"images": [text_of(picture(rng), rng) for _ in range(rng.choice((0, 1, 2, 33)))]}
    for _ in range(rng.randint(0, 3)):
        body[rng.choice(NAMES)] = value(rng)
    return body


def tensor(rng: random.Random) -> dict[str, Any]:
    """Return what may be sent by the Open Inference Protocol."""
    shape: Any = rng.choice(
        ([1, 28, 28, 1], [28, 28], [2, 784], [1], [-1], [2**40, 2**40], value(rng))
    )
    numbers = [rng.choice((0, 0.5, 1, *NUMBERS)) for _ in range(rng.choice((0, 1, 784, 1568)))]
    data: Any = rng.choice((numbers, [text_of(picture(rng), rng)], value(rng)))
    one = {"name": "image", "shape": shape, "datatype": rng.choice(DATATYPES), "data": data}
    if rng.random() < 0.5:
        one |= rng.choice(
            (
                {"shape": [1, 28, 28, 1], "datatype": "FP32", "data": [rng.random()] * 784},
                {"shape": [2, 784], "datatype": "UINT8", "data": [[7] * 784] * 2},
                {"shape": [1], "datatype": "BYTES", "data": [text_of(picture(rng), rng)]},
            )
        )
    if rng.random() < 0.4:
        one[rng.choice(NAMES)] = value(rng)
    body = {"inputs": [one] * rng.choice((1, 1, 1, 0, 2)), "id": rng.choice(TEXTS)}
    if rng.random() < 0.4:
        body[rng.choice(NAMES)] = value(rng)
    return body


def fuzzed_json(rng: random.Random, make: Any = request) -> bytes:
    """Write JSON, now and then damaged, with a key twice, or with what JSON does not have."""
    written = json.dumps(make(rng), ensure_ascii=rng.random() < 0.5)
    data = written.encode("utf-8", "surrogatepass")
    chance = rng.random()
    if chance < 0.15:
        return damaged(data, rng)
    if chance < 0.25:
        return rng.choice((b"[", b'{"image":')) * rng.choice((1, 100, 5000)) + data
    if chance < 0.3:
        return b'{"image": "", ' + data[1:]
    return data


def fuzzed_form(rng: random.Random) -> bytes:
    """Write a form with the boundary ``x``: parts of any name, with and without strange headers."""
    parts = []
    for _ in range(rng.choice((0, 1, 1, 2, 3, 101))):
        name = (
            "image"
            if rng.random() < 0.6
            else rng.choice((*NAMES, 'a"b', "é", "\\", "image; filename=x"))
        )
        head = f'Content-Disposition: form-data; name="{name}"'.encode()
        if rng.random() < 0.7:
            file = (
                b"a.png"
                if rng.random() < 0.7
                else rng.choice((b"a.png", b"", b'"', b"\\", b"../../x", b"\xff", b"a" * 5000))
            )
            head += b'; filename="%s"' % file
        if rng.random() < 0.3:
            head += b"\r\n" + rng.choice(
                (b"Content-Type: image/png", b"X", b": y", b"Content-Type: text/plain; charset=x")
            )
        content = (
            picture(rng) if rng.random() < 0.7 else rng.choice(TEXTS).encode("utf-8", "replace")
        )
        end = b"\r\n" if rng.random() < 0.9 else rng.choice((b"\n", b""))
        parts.append(b"--x" + end + head + end + end + content + end)
    data = b"".join(parts) + rng.choice((b"--x--\r\n", b"--x--", b"--x", b""))
    return damaged(data, rng) if rng.random() < 0.15 else data
