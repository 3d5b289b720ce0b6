"""Networks as ONNX files, which other programs run; written here byte by byte."""

from convnet.onnx.converters import CONVERTERS, to_onnx

__all__ = ["CONVERTERS", "to_onnx"]
