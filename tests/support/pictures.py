"""Pictures that several tests draw, and files of them."""

import io

import numpy as np
from PIL import Image

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
SIGNATURES = (b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"RIFF\0\0\0\0WEBP", b"GIF89a", b"BM")


def encoded(image: Image.Image, name: str = "PNG", **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, name, **options)
    return file.getvalue()


def drawing(height: int = 40, width: int = 60) -> np.ndarray:
    """White paper with a black bar and a grey one, different on every side."""
    grey = np.full((height, width), 255, np.uint8)
    grey[5:30, 10:18] = 0
    grey[22:30, 10:50] = 90
    return grey
