"""Stand-in photos: a drawing on lit paper, in colour, a JPEG file that its EXIF flag turns."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from scripts.synthesis.standins.writers import Lines, Look, show

ORIENTATION = 0x0112  # the EXIF tag
# How the pixels are turned for each of its values; the flag says how to turn them back.
_STORE = {
    1: None,
    3: Image.Transpose.ROTATE_180,
    6: Image.Transpose.ROTATE_90,
    8: Image.Transpose.ROTATE_270,
}


def snapshot(lines: Lines, rng: np.random.Generator) -> bytes:
    """Photograph a drawing: thin to middling pen, small to large in the frame; a JPEG file."""
    width, height = (640, 480) if rng.random() < 0.5 else (480, 640)
    look = Look(480, rng.uniform(0.12, 0.75), rng.uniform(0.03, 0.11), (0, 0, 0, 255), (0,) * 4)
    drawing = show(lines, look, rng).getchannel("A")
    mask = Image.new("L", (width, height))
    mask.paste(drawing, ((width - 480) // 2, (height - 480) // 2))
    scene = _sheet(width, height, rng)
    ink = np.array(((35, 35, 40), (30, 50, 140), (120, 25, 30))[rng.integers(3)], np.float32)
    cover = np.asarray(mask, np.float32)[..., None] / 255 * rng.uniform(0.75, 0.95)
    scene = (scene * (1 - cover) + ink * cover) * _lamp(width, height, rng)[..., None]
    noise = rng.standard_normal(scene.shape[:2], dtype=np.float32) * rng.uniform(1, 8)
    scene += noise[..., None]
    photo = Image.fromarray(np.clip(scene, 0, 255).astype(np.uint8))
    photo = photo.filter(ImageFilter.GaussianBlur(rng.uniform(0, 1.8)))
    return store(photo, int(rng.choice(list(_STORE))), int(rng.integers(50, 93)))


def store(photo: Image.Image, orientation: int, quality: int) -> bytes:
    """Write a JPEG whose pixels are turned and whose EXIF flag says how."""
    turn = _STORE[orientation]
    turned = photo if turn is None else photo.transpose(turn)
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    buffer = io.BytesIO()
    turned.save(buffer, "JPEG", quality=quality, exif=exif)
    return buffer.getvalue()


def _sheet(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """Paper of a warm or cold white, its grain, its ruling: float32 (H, W, 3)."""
    tone = rng.uniform(205, 250) + rng.uniform(-12, 12, 3)
    grain = rng.normal(0, rng.uniform(0, 5), (height // 2, width // 2)).repeat(2, 0).repeat(2, 1)
    picture = Image.new("L", (width, height))
    if rng.random() < 0.25:
        pen, pitch = ImageDraw.Draw(picture), int(rng.integers(50, 110))
        for y in range(int(rng.integers(0, pitch)), height, pitch):
            pen.line((0, y, width, y + int(rng.integers(-6, 7))), fill=255, width=2)
    ruled = np.asarray(picture, np.float32)[..., None] / 255
    paper = (tone + grain[..., None]).astype(np.float32)
    return paper - ruled * np.array([50, 35, 15], np.float32)


def _lamp(width: int, height: int, rng: np.random.Generator) -> np.ndarray:
    """A lamp beside the sheet, and the shadow of a hand or a phone: 0 to 1, float32 (H, W)."""
    y, x = np.mgrid[:height, :width].astype(np.float32) / max(width, height)
    lamp_x, lamp_y, lamp_z = rng.uniform(-0.5, 1.5), rng.uniform(-0.5, 1.5), rng.uniform(0.9, 2.5)
    level = lamp_z**3 / ((x - lamp_x) ** 2 + (y - lamp_y) ** 2 + lamp_z**2) ** 1.5
    level /= level.max()
    if rng.random() < 0.5:
        shade = Image.new("L", (width, height), 255)
        left, top = rng.uniform(-0.3, 0.8) * width, rng.uniform(-0.3, 0.8) * height
        box = (left, top, left + width * rng.uniform(0.4, 1), top + height * rng.uniform(0.4, 1))
        dark = int(rng.integers(130, 215))
        pen = ImageDraw.Draw(shade)
        (pen.ellipse if rng.random() < 0.5 else pen.rectangle)(box, fill=dark)
        soft = shade.filter(ImageFilter.GaussianBlur(rng.uniform(4, 60)))
        level *= np.asarray(soft, np.float32) / 255
    return level * rng.uniform(0.75, 1)
