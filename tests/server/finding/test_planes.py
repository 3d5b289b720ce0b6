"""What the finder sees does not depend on the light."""

import numpy as np

from server.finding.planes import RADIUS, planes


def box_mean(picture: np.ndarray, y: int, x: int) -> float:
    rows = slice(max(0, y - RADIUS), y + RADIUS + 1)
    return float(picture[rows, max(0, x - RADIUS) : x + RADIUS + 1].mean())


def test_each_pixel_is_standardised_by_all_and_by_its_place(rng: np.random.Generator) -> None:
    picture = rng.random((50, 70)).astype(np.float32)
    whole, place = np.moveaxis(planes(picture[np.newaxis])[0], -1, 0)
    np.testing.assert_allclose(
        whole, (picture - picture.mean()) / (picture.std() + 0.02), atol=1e-4
    )
    for y, x in ((0, 0), (49, 69), (25, 30), (5, 60)):
        mean = box_mean(picture, y, x)
        deviation = np.sqrt(box_mean(np.square(picture), y, x) - mean**2)
        assert abs(place[y, x] - (picture[y, x] - mean) / (deviation + 0.02)) < 1e-3


def test_light_and_contrast_hardly_matter(rng: np.random.Generator) -> None:
    picture = rng.random((1, 60, 60), np.float32)
    dim = 0.2 + 0.5 * picture
    np.testing.assert_allclose(planes(picture)[..., 0], planes(dim)[..., 0], atol=0.2)
    slope = 0.6 * picture + np.linspace(0, 0.4, 60, dtype=np.float32)
    at_place = planes(slope)[..., 1]
    assert np.corrcoef(at_place.ravel(), planes(picture)[..., 1].ravel())[0, 1] > 0.97


def test_plain_paper_is_plain() -> None:
    assert np.abs(planes(np.full((1, 40, 40), 0.7, np.float32))).max() < 1e-4


def test_pictures_do_not_depend_on_their_neighbours(rng: np.random.Generator) -> None:
    pictures = rng.random((3, 30, 30), np.float32)
    np.testing.assert_allclose(planes(pictures)[1:2], planes(pictures[1:2]), rtol=1e-5, atol=1e-5)
