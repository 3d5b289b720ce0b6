"""Printed digits and letters: faces of the fonts of four Debian packages, split by design.

The packages are fonts-dejavu, fonts-liberation, fonts-freefont-ttf and fonts-noto-core. Many
families share their Latin digits ("Noto Sans Tamil" prints those of "Noto Sans"), so families are
first grouped into designs by the shape of their digits; a design is then either for training or
for testing, by a hash of its name.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

FOLDERS = ("dejavu", "liberation", "freefont", "noto")
ROOT = Path("/usr/share/fonts/truetype")
PACKAGES = "fonts-dejavu fonts-liberation fonts-freefont-ttf fonts-noto-core"

# Where a font keeps its digits: the plain ones, and the mathematical alphabets of Unicode.
ZEROS = {"": 0x30, " bold": 0x1D7CE, " double": 0x1D7D8, " sans": 0x1D7E2, " mono": 0x1D7F6}
ALIKE = 0.07  # two designs nearer than this in `_distance` are one
_PLAIN_STYLES = ("Regular", "Book", "Medium")


@dataclass(frozen=True)
class Face:
    """One font file with one of its sets of digits."""

    path: str
    family: str
    style: str
    zero: int
    feature: str = ""  # an OpenType feature: "onum" old-style digits, "zero" slashed zero

    def glyph(self, text: str, size: int) -> np.ndarray:
        """Render `text` with letters of about `size` pixels: coverage, uint8 (H, W), cropped."""
        font, features = _open(self.path, size), [self.feature] if self.feature else None
        left, top, right, bottom = (int(v) for v in font.getbbox(text, features=features))
        picture = Image.new("L", (right - left, bottom - top))
        pen = ImageDraw.Draw(picture)
        pen.text((-left, -top), text, fill=255, font=font, features=features)
        return np.asarray(picture)

    def has(self, character: str) -> bool:
        """Tell whether the font draws this character with some ink."""
        shape, missing = self.glyph(character, 64), self.glyph("\uffff", 64)
        return shape.size > 0 and shape.max() > 128 and not np.array_equal(shape, missing)

    def digit(self, digit: int, size: int) -> np.ndarray:
        """Render a digit of this face's set."""
        return self.glyph(chr(self.zero + digit), size)


@lru_cache(maxsize=256)
def _open(path: str, size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, size)


@cache
def designs() -> dict[str, tuple[Face, ...]]:
    """Return the faces of every design by the design's name; empty without the packages."""
    faces = [face for file in _files() for face in _faces(file)]
    plain = {_family(face): face for face in faces if face.style in _PLAIN_STYLES}
    names = _group({family: _fingerprint(face) for family, face in plain.items()})
    found: dict[str, list[Face]] = {}
    for face in faces:
        found.setdefault(names.get(_family(face), _family(face)), []).append(face)
    return {name: tuple(found[name]) for name in sorted(found)}


@cache
def split(part: str) -> tuple[tuple[Face, ...], ...]:
    """Return the designs for `part`: "train", "test" or "all"; each a tuple of faces."""
    if part not in ("train", "test", "all"):
        raise ValueError(f'`part` must be "train", "test" or "all", got {part!r}')
    return tuple(f for name, f in designs().items() if part in ("all", part_of(name)))


def part_of(design: str) -> str:
    """Tell whether a design is for training or for testing: one in four is for testing."""
    return "test" if hashlib.sha256(design.encode()).digest()[0] % 4 == 0 else "train"


def choose_face(part: str, rng: np.random.Generator) -> Face:
    """Draw a design of `part`, then one of its faces.

    Raises
    ------
    FileNotFoundError
        If none of the fonts is installed.
    """
    choice = split(part)
    if not choice:
        raise FileNotFoundError(f"no fonts below {ROOT}: install {PACKAGES}")
    plain = np.array([3.0 if faces[0].zero == ZEROS[""] else 1.0 for faces in choice])
    faces = choice[rng.choice(len(choice), p=plain / plain.sum())]
    return faces[rng.integers(len(faces))]


def _files() -> list[Path]:
    return [file for folder in FOLDERS for file in sorted((ROOT / folder).glob("*.ttf"))]


def _faces(file: Path) -> list[Face]:
    """Every set of ten different digits in a font file."""
    family, style = _open(str(file), 64).getname()
    sets = [Face(str(file), family or "", style or "", zero) for zero in ZEROS.values()]
    sets = [face for face in sets if len(_shapes(face)) == 10]
    plain = [face for face in sets if face.zero == ZEROS[""]]
    for feature in ("onum", "zero") if plain and _has_layout() else ():
        other = Face(str(file), plain[0].family, plain[0].style, plain[0].zero, feature)
        if _shapes(other) != _shapes(plain[0]):
            sets.append(other)
    return sets


@cache
def _has_layout() -> bool:
    from PIL import features

    return bool(features.check("raqm"))


def _shapes(face: Face) -> frozenset[bytes]:
    return frozenset(face.digit(digit, 64).tobytes() for digit in range(10))


def _family(face: Face) -> str:
    """Family and set; old-style digits and slashed zeros stay with their family."""
    names = {zero: name for name, zero in ZEROS.items()}
    return face.family + names[face.zero]


def _fingerprint(face: Face) -> tuple[np.ndarray, np.ndarray]:
    """Shapes of the ten digits, each squeezed into one square, and the logs of their widths."""
    glyphs = [face.digit(digit, 160) for digit in range(10)]
    squares = [Image.fromarray(g).resize((24, 24), Image.Resampling.BOX) for g in glyphs]
    widths = [g.shape[1] / g.shape[0] for g in glyphs]
    return np.stack([np.asarray(s) for s in squares]) / 255.0, np.log(widths)


def _distance(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> float:
    return float(np.abs(a[0] - b[0]).mean() + np.abs(a[1] - b[1]).mean() / 2)


def _group(prints: dict[str, tuple[np.ndarray, np.ndarray]]) -> dict[str, str]:
    """Link families that look alike (single linkage); a group bears its first family's name."""
    group = {family: family for family in sorted(prints)}
    for family in group:
        near = {group[o] for o in group if _distance(prints[family], prints[o]) < ALIKE}
        first = min(near)
        group = {name: first if head in near else head for name, head in group.items()}
    return group
