"""Scenes: pictures as cameras see them, with the truth about every pixel.

`compose.draw_scene` gives a grey picture and, for each of its pixels, whether it is ground, ink of
a digit, or other ink. A network that finds the digit's ink learns from them (docs/synthesis.md).
"""
