"""The bytes of Protocol Buffers, by the examples of its description."""

import pytest

from convnet.onnx.protobuf import field, repeated, varint


@pytest.mark.parametrize(
    ("value", "written"), [(0, b"\0"), (1, b"\1"), (150, b"\x96\1"), (-1, b"\xff" * 9 + b"\1")]
)
def test_varints(value, written):
    assert varint(value) == written


def test_fields():
    assert field(1, 150) == b"\x08\x96\x01"
    assert field(2, "testing") == b"\x12\x07testing"
    assert field(3, field(1, 150)) == b"\x1a\x03\x08\x96\x01"
    assert field(2, 1.0) == b"\x15\x00\x00\x80\x3f"
    assert repeated(4, "ab") == field(4, "a") + field(4, "b")
