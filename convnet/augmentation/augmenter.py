"""Augmentation: training pictures that are changed a little every time they are used.

A digit stays the same digit when it is turned, moved or bent (`warp`), written with another pen,
pale, blurred, noisy or partly hidden (`ink`). `Augmenter` does all of that to a batch, each picture
in its own way. All choices are drawn from the generator that is passed in, so the same seed repeats
them.

A transform is any ``transform(images, rng) -> images`` on float32 pictures ``(N, H, W)`` with ink 1
on paper 0 that leaves its input as it is.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from convnet.arrays import Array
from convnet.augmentation.ink import Blur, Contrast, Erase, Noise, Pen
from convnet.augmentation.warp import Warp

Transform = Callable[[Array, np.random.Generator], Array]

# Pictures that go through all transforms together: 64 of 28 × 28 take 200 KB, so the arrays that a
# transform works on stay in the L2 cache.
CHUNK = 64


class Augmenter:
    """All transforms, one after the other.

    Parameters
    ----------
    rotation, shift, scale, stretch, shear, elastic, elastic_probability
        As for `Warp`: degrees, pixels, factors, a factor, degrees, pixels, a share of the pictures.
    pen, blur, contrast, noise, erase : float
        The share of the pictures that go through `Pen`, `Blur`, `Contrast`, `Noise` and `Erase`.

    Examples
    --------
    >>> augment = Augmenter(rotation=20, pen=0.3)
    >>> batch = augment(images, rng)  # (N, 28, 28) uint8 → (N, 28, 28) float32

    Other settings, another order or transforms of your own:

    >>> augment = Augmenter.of(Warp(shear=20), Pen(thicker=2.0), Noise(deviation=0.05))
    """

    def __init__(
        self,
        rotation: float = 15.0,
        shift: float = 3.0,
        scale: tuple[float, float] = (0.85, 1.15),
        stretch: float = 1.1,
        shear: float = 10.0,
        elastic: float = 0.8,
        elastic_probability: float = 0.5,
        *,
        pen: float = 0.0,
        blur: float = 0.0,
        contrast: float = 0.0,
        noise: float = 0.0,
        erase: float = 0.0,
    ) -> None:
        warp = Warp(
            rotation=rotation,
            shift=shift,
            scale=scale,
            stretch=stretch,
            shear=shear,
            elastic=elastic,
            elastic_probability=elastic_probability,
        )
        ink = (
            Pen(probability=pen),
            Blur(probability=blur),
            Contrast(probability=contrast),
            Noise(probability=noise),
            Erase(probability=erase),
        )
        used = (transform for transform in ink if transform.probability)
        self.transforms: tuple[Transform, ...] = (warp, *used)

    @classmethod
    def of(cls, *transforms: Transform) -> Augmenter:
        """Make an augmenter of these transforms, in this order."""
        augmenter = cls()
        augmenter.transforms = transforms
        return augmenter

    def __call__(self, images: Array, rng: np.random.Generator) -> Array:
        """Return a changed copy of a batch.

        Parameters
        ----------
        images : ndarray, shape (N, H, W) or (N, H, W, 1)
            uint8 with ink 255, or float with ink 1; paper is 0.
        rng : Generator

        Returns
        -------
        ndarray of float32, of the shape of `images`
            In 0..1.

        Raises
        ------
        ValueError
            If the shape does not fit.
        """
        flat = images[..., 0] if images.ndim == 4 and images.shape[-1] == 1 else images
        if flat.ndim != 3:
            raise ValueError(
                f"`images` must have shape (N, H, W) or (N, H, W, 1), got {images.shape}"
            )
        changed = np.empty(flat.shape, np.float32)
        for start in range(0, len(flat), CHUNK):
            chunk = as_float(flat[start : start + CHUNK])
            for transform in self.transforms:
                chunk = transform(chunk, rng)
            changed[start : start + CHUNK] = chunk
        return changed.reshape(images.shape)

    def __repr__(self) -> str:
        return f"Augmenter.of({', '.join(map(repr, self.transforms))})"


def as_float(images: Array) -> Array:
    """Turn uint8 pictures 0..255 into float32 0..1; floats keep their values."""
    if images.dtype == np.uint8:
        return images / np.float32(255)
    return images.astype(np.float32)
