"""The input tensor of a request: numbers in one of several shapes, or encoded pictures."""

import itertools
import math
import struct
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from server.parsing.pictures import picture
from server.problems import Problem, invalid
from server.recognizer import Inputs

INPUT = "image"
PICTURES = "BYTES"
LARGEST = {"FP32": 1.0, "UINT8": 255.0}
"""The datatypes of numbers, and what stands for a full value: of ink, or of white."""

_BINARY = {"FP32": "<f4", "UINT8": "u1"}

Shape = tuple[int, int, int]


@dataclass(frozen=True)
class InputTensor:
    """What the input tensor of a request holds: either numbers or pictures.

    Attributes
    ----------
    inputs : ndarray of float32, shape (N, H, W, C), or None
    pictures : list of bytes
        Files of pictures, where the datatype is ``BYTES``.
    """

    inputs: Inputs | None = None
    pictures: tuple[bytes, ...] = ()


@dataclass(frozen=True)
class Most:
    """The limits of one request: how many inputs, and how many encoded pictures."""

    inputs: int
    pictures: int


def layouts(shape: Shape) -> list[tuple[int | None, ...]]:
    """Return the shapes that numbers may have, None for how many inputs; the network's own first.

    Channels may come first, an input may be one row, and a single grey one needs no more than its
    height and width.
    """
    height, width, channels = shape
    found: list[tuple[int | None, ...]] = [
        (None, height, width, channels),
        (None, channels, height, width),
        (None, height * width * channels),
    ]
    return [*found, (height, width)] if channels == 1 else found


def read_input(tensor: dict[str, Any], behind: bytes, most: Most, shape: Shape) -> InputTensor:
    """Read the input tensor, out of the JSON or from the bytes behind it.

    Parameters
    ----------
    tensor : dict
        Its description.
    behind : bytes
    most : Most
    shape : (H, W, C)
        That of one input of the network.

    Raises
    ------
    Problem
        ``invalid_field``; of pictures in JSON also ``not_base64`` and ``missing_image``.
    """
    datatype = tensor.get("datatype")
    if datatype == PICTURES:
        return InputTensor(pictures=read_pictures(tensor, behind, most.pictures))
    if not isinstance(datatype, str) or datatype not in LARGEST:
        known = ", ".join(f'"{name}"' for name in LARGEST)
        raise invalid("inputs.datatype", f'{known} or "{PICTURES}"', datatype)
    count, channels_first = batch_size(tensor.get("shape"), most.inputs, shape)
    binary = binary_size(tensor)
    if binary is None:
        values = from_json(tensor.get("data"))
    else:
        values = from_bytes(binary, behind, datatype)
    needed = count * math.prod(shape)
    if values.size != needed:
        detail = f"`inputs.data` must be {needed} numbers for its shape, got {values.size}"
        raise Problem("invalid_field", detail, field="inputs.data")
    return InputTensor(arranged(scaled(values, datatype), shape, channels_first))


def scaled(values: NDArray[np.float32], datatype: str) -> NDArray[np.float32]:
    """Bring numbers to 0 to 1."""
    largest = LARGEST[datatype]
    if not (values.min() >= 0 and values.max() <= largest):  # false for NaN too
        detail = f"`inputs.data` must be between 0 and {largest:g}"
        raise Problem("invalid_field", detail, field="inputs.data")
    if datatype == "UINT8" and (values != np.floor(values)).any():
        detail = "`inputs.data` must be whole numbers, as `UINT8` is"
        raise Problem("invalid_field", detail, field="inputs.data")
    return values / np.float32(largest)


def arranged(values: NDArray[np.float32], shape: Shape, channels_first: bool) -> Inputs:
    """Give flat numbers the shape (N, H, W, C)."""
    height, width, channels = shape
    if channels_first:
        return values.reshape(-1, channels, height, width).transpose(0, 2, 3, 1)
    return values.reshape(-1, *shape)


def batch_size(shape: object, most: int, of_one: Shape) -> tuple[int, bool]:
    """Return how many inputs a shape holds, and whether their channels come first."""
    known = layouts(of_one)
    texts = [str([side or "N" for side in layout]).replace("'", "") for layout in known]
    expected = f"{', '.join(texts[:-1])} or {texts[-1]} with N from 1 to {most}"
    if not isinstance(shape, list) or not all(type(side) is int for side in shape):
        raise invalid("inputs.shape", expected, shape)
    for number, layout in enumerate(known):
        batched = layout[0] is None
        if len(shape) != len(layout) or tuple(shape[batched:]) != layout[batched:]:
            continue
        if batched and not 1 <= shape[0] <= most:
            break
        return (shape[0] if batched else 1), number == 1
    raise invalid("inputs.shape", expected, shape)


def from_json(data: object) -> NDArray[np.float32]:
    """Read numbers from a list, flat or nested in row-major order."""
    values = flattened(data)
    if not values or not set(map(type, values)) <= {int, float}:
        detail = "`inputs.data` must be numbers, in a flat or nested list"
        raise Problem("invalid_field", detail, field="inputs.data")
    try:
        return np.array(values, np.float64).astype(np.float32)
    except OverflowError:
        detail = "`inputs.data` has too large a number"
        raise Problem("invalid_field", detail, field="inputs.data") from None


def flattened(data: object) -> list[Any]:
    """Return what stands in lists of lists, of equal depth, one after another."""
    values = [data]
    while values and set(map(type, values)) == {list}:
        values = list(itertools.chain.from_iterable(values))  # type: ignore[arg-type]
    return values


def from_bytes(size: object, behind: bytes, datatype: str) -> NDArray[np.float32]:
    """Read little-endian numbers from behind the JSON."""
    kind = np.dtype(_BINARY[datatype])
    if size != len(behind) or len(behind) % kind.itemsize:
        raise invalid("binary_data_size", f"the {len(behind)} bytes behind the JSON", size)
    return np.frombuffer(behind, kind).astype(np.float32)


def read_pictures(tensor: dict[str, Any], behind: bytes, most: int) -> tuple[bytes, ...]:
    """Read files of pictures: base64 in the JSON, or behind it, each led by its length."""
    shape = tensor.get("shape")
    expected = f"[N] or [N, 1] with N from 1 to {most}"
    if not isinstance(shape, list) or not all(type(side) is int for side in shape):
        raise invalid("inputs.shape", expected, shape)
    if len(shape) not in (1, 2) or shape[1:] not in ([], [1]) or not 1 <= shape[0] <= most:
        raise invalid("inputs.shape", expected, shape)
    binary = binary_size(tensor)
    if binary is None:
        texts = flattened(tensor.get("data"))
        check_count(len(texts), shape[0])
        return tuple(picture(text, "inputs.data", index) for index, text in enumerate(texts))
    if binary != len(behind):
        raise invalid("binary_data_size", f"the {len(behind)} bytes behind the JSON", binary)
    files = split_files(behind, shape[0])
    check_count(len(files), shape[0])
    return tuple(files)


def split_files(behind: bytes, most: int) -> list[bytes]:
    """Take apart bytes that are each led by their length (Triton, "BYTES"), at most `most` + 1."""
    files: list[bytes] = []
    at = 0
    while at < len(behind) and len(files) <= most:
        length = struct.unpack_from("<I", behind, at)[0] if at + 4 <= len(behind) else None
        if length is None or at + 4 + length > len(behind):
            detail = "each picture behind the JSON must be led by its length in 4 bytes"
            raise Problem("invalid_field", detail, field="inputs.data")
        files.append(behind[at + 4 : at + 4 + length])
        at += 4 + length
    return files


def check_count(found: int, needed: int) -> None:
    """Refuse more or fewer pictures than the shape says."""
    if found != needed:
        detail = f"`inputs.data` must be {needed} pictures for its shape"
        raise Problem("invalid_field", detail, field="inputs.data")


def binary_size(tensor: dict[str, Any]) -> object:
    """Return how many bytes behind the JSON are the tensor's, as it says; None for none."""
    return parameters(tensor, "inputs.parameters").get("binary_data_size")


def parameters(holder: dict[str, Any], name: str) -> dict[str, Any]:
    """Return the ``parameters`` of a request, an input or an output."""
    found = holder.get("parameters", {})
    if not isinstance(found, dict):
        raise invalid(name, "an object", found)
    return found
