"""A greyscale picture of a digit in, the network's 28x28 input out.

The same steps for the API, the command line and the pictures that are trained on: find the digit's
ink, crop it, fit it to 20x20 by area averaging, put its centre of mass in the centre of 28x28, as
the makers of MNIST did [1]_. A drawing on clean paper is its own ink; in every other picture the
finder looks for it.

.. [1] LeCun, Cortes, Burges, "The MNIST database of handwritten digits",
   http://yann.lecun.com/exdb/mnist/.
"""

from __future__ import annotations

from dataclasses import dataclass

from server.budget import check
from server.finding.digit import find_digit
from server.finding.finder import shared_finder
from server.images.errors import BlankImage
from server.images.types import Grey, Ink
from server.preprocessing.background import CLEAN, SCANNED
from server.preprocessing.foreground import locate_ink
from server.preprocessing.frames import is_plain
from server.preprocessing.low_resolution import refine
from server.preprocessing.mnist_form import as_mnist, check_grey, normalize


@dataclass(frozen=True)
class Located:
    """A digit's ink, and the part of the picture that it was found in.

    Attributes
    ----------
    picture : ndarray of uint8, shape (H, W)
    ink : ndarray of float32, shape (H, W)
        Ink 1, all else 0.
    digit : ndarray of float32, shape (28, 28)
        The ink in MNIST's form: the network's input.
    """

    picture: Grey
    ink: Ink
    digit: Ink


def preprocess(grey: Grey) -> Ink:
    """Turn a picture of a digit into the network's input.

    Parameters
    ----------
    grey : ndarray of uint8, shape (H, W)
        Dark on light or light on dark, of any size, the digit anywhere in it.

    Returns
    -------
    ndarray of float32, shape (28, 28)
        Ink 1, paper 0.

    Raises
    ------
    BlankImage
        If nothing is drawn in the picture.
    ValueError
        If `grey` is not a picture.
    """
    return locate(grey).digit


def locate(grey: Grey) -> Located:
    """Find the ink of a digit, and make the network's input of it; see `preprocess`."""
    check_grey(grey)
    if grey.min() == grey.max():
        raise BlankImage("nothing is drawn in the picture")
    fine, is_scan = refine(grey)
    digit = as_mnist(fine)
    if digit is not None:
        return Located(fine, digit, digit)
    picture, ink = _ink(grey, fine, is_scan)
    return Located(picture, ink, normalize(ink))


def _ink(grey: Grey, fine: Grey, is_scan: bool) -> tuple[Grey, Ink]:
    """Return the ink of a drawing as it is, else what the finder finds, and where."""
    ink = locate_ink(fine, unevenness=SCANNED if is_scan else CLEAN)
    check()
    if ink is not None and is_plain(ink):
        return fine, ink
    found = find_digit(fine if is_scan else grey, shared_finder())
    return found.view.square, found.ink
