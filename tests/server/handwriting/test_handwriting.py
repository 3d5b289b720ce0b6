"""Written digits: templates are read, traced, varied by a hand and inked true to size."""

import numpy as np
import pytest

from scripts.synthesis.pages import canvas
from server.handwriting import ink, pens, strokes, templates
from server.handwriting.strokes import Hand

ALL = templates.load("digits.txt")


def rng(seed=0):
    return np.random.default_rng(seed)


def extent(lines):
    return np.ptp(np.concatenate(lines), axis=0)


def test_every_digit_has_many_forms():
    counts = [len(templates.digit_templates(digit)) for digit in range(10)]
    assert min(counts) >= 14
    assert sum(counts) == len(ALL) >= 200


def test_names_are_unique_within_a_digit():
    names = [(t.label, t.name) for t in ALL]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("template", ALL, ids=lambda t: f"{t.label}-{t.name}")
def test_templates_have_a_digits_proportions(template):
    width, height = extent([s.points for s in template.strokes])
    assert 0.95 <= height <= 1.2
    assert width <= 1.0
    assert template.weight > 0


def test_template_lines_are_parsed():
    template = templates.parse_template("7 plain 2.5 : 0,2! 52,2! 18,100 / 10,50 54,48")
    assert (template.label, template.name, template.weight) == ("7", "plain", 2.5)
    np.testing.assert_allclose(template.strokes[0].points, [[0, 0.02], [0.52, 0.02], [0.18, 1]])
    assert template.strokes[0].corners.tolist() == [True, True, False]
    assert len(template.strokes) == 2


@pytest.mark.parametrize("line", ["7 plain : 0,0 1,1", "7 plain x : 0,0 1,1", "7 p 1 : 0,0", "7"])
def test_bad_template_lines_are_quoted(line):
    with pytest.raises(ValueError, match="bad template"):
        templates.parse_template(line)


def test_every_form_gets_drawn():
    source = rng()
    seen = {templates.choose_template(4, source).name for _ in range(2000)}
    assert seen == {t.name for t in templates.digit_templates(4)}


def nearest(line, point):
    """Distance of a point from a polyline."""
    a, along = line[:-1], np.diff(line, axis=0)
    square = np.maximum((along**2).sum(1), 1e-12)
    t = np.clip(((point - a) * along).sum(1) / square, 0, 1)
    return np.hypot(*(a + t[:, None] * along - point).T).min()


@pytest.mark.parametrize("template", ALL[::9], ids=lambda t: f"{t.label}-{t.name}")
def test_curves_pass_through_their_control_points(template):
    for stroke in template.strokes:
        line = strokes.trace(stroke)
        assert max(nearest(line, point) for point in stroke.points) < 0.025
        assert np.hypot(*np.diff(line, axis=0).T).max() < 1.5 * strokes.STEP
        np.testing.assert_allclose(line[[0, -1]], stroke.points[[0, -1]])


def test_corners_stay_sharp_and_other_points_are_rounded():
    points = np.array([[0.0, 0.0], [0.5, 0.0], [0.5, 0.5]])
    middle = np.array([False, True, False])
    sharp = strokes.trace(strokes.Stroke(points, middle))
    on_the_legs = (np.abs(sharp[:, 1]) < 1e-9) | (np.abs(sharp[:, 0] - 0.5) < 0.03)
    assert on_the_legs.all()
    soft = strokes.trace(strokes.Stroke(points, ~middle & False))
    assert soft[:, 1].min() < -0.01 or soft[:, 0].max() > 0.51


def test_a_neutral_hand_keeps_the_template():
    template = templates.digit_templates(7)[0]
    lines = strokes.write(template, Hand(), rng())
    np.testing.assert_allclose(extent(lines), [0.52, 0.98], atol=5e-3)


@pytest.mark.parametrize(
    "habit", [{"wobble": 0.03}, {"bend": 0.04}, {"tremor": 0.02}, {"ends": 0.05}, {"squeeze": 0.1}]
)
def test_each_habit_changes_the_writing_a_little(habit):
    template = templates.digit_templates(3)[0]
    plain = np.concatenate(strokes.write(template, Hand(), rng(1)))
    changed = np.concatenate(strokes.write(template, Hand(**habit), rng(1)))
    there = [nearest(plain, point) for point in changed]
    back = [nearest(changed, point) for point in plain]
    assert 0.003 < max(there + back) < 0.3


def test_slant_stretch_and_turn():
    bar = templates.parse_template("1 bare 1 : 0,0 0,100")
    top, bottom = strokes.write(bar, Hand(slant=0.3), rng())[0][[0, -1]]
    assert top[0] - bottom[0] == pytest.approx(0.3)
    turned = strokes.write(bar, Hand(turn=np.pi / 2), rng())
    np.testing.assert_allclose(extent(turned), [1, 0], atol=1e-9)
    seven = strokes.write(templates.digit_templates(7)[0], Hand(stretch=2), rng())
    np.testing.assert_allclose(extent(seven), [1.04, 0.98], atol=5e-3)


def test_hooks_joins_and_skips_happen_where_the_hand_has_them():
    crossed = templates.parse_template("7 crossed 1 : 0,2! 54,2! 18,90 / 0,60 54,48")
    assert len(strokes.write(crossed, Hand(), rng())) == 2
    assert len(strokes.write(crossed, Hand(join=1.0), rng())) == 1
    assert len(strokes.write(crossed, Hand(skip=1.0), rng())) >= 3
    plain, hooked = (strokes.write(crossed, Hand(hook=h), rng())[0] for h in (0.0, 1.0))
    assert len(hooked) == len(plain) + 2


def test_a_slow_tablet_reports_few_points_of_the_same_line():
    eight = templates.digit_templates(8)[0]
    (whole,), (few,) = (
        strokes.write(eight, Hand(spacing=spacing), rng()) for spacing in (0.0, 0.3)
    )
    steps = np.hypot(*np.diff(few, axis=0).T)
    assert len(few) < len(whole) / 4
    assert 0.15 < steps.min() <= steps.max() <= 0.3 + 1e-9
    distances = np.hypot(*(few[:, None] - whole).transpose(2, 0, 1)).min(axis=1)
    assert distances.max() < strokes.STEP
    assert np.array_equal(few[[0, -1]], whole[[0, -1]])


def test_a_hand_is_drawn_from_its_generator_alone():
    assert Hand.draw(rng(3)) == Hand.draw(rng(3)) != Hand.draw(rng(4))


def straight_line(pen, pen_px, length=100.0):
    line = np.stack([np.linspace(30, 30 + length, 40), np.full(40, 60.0)], axis=1)
    return ink.draw([line], pen, pen_px, (160, 120), rng())


@pytest.mark.parametrize("pen_px", [3.0, 8.0, 25.0])
def test_a_round_pen_covers_the_area_of_a_capsule(pen_px):
    covered = straight_line(pens.Pen(0.1), pen_px).sum() / 255
    assert covered == pytest.approx(100 * pen_px + np.pi * pen_px**2 / 4, rel=0.06)


def test_square_ends_are_shorter_than_round_ones():
    round_end = straight_line(pens.Pen(0.1), 20.0).sum()
    assert straight_line(pens.Pen(0.1, square=True), 20.0).sum() < round_end - 200 * 255


def test_a_flat_tip_draws_thin_along_its_blade():
    along = straight_line(pens.Pen(0.1, flatness=0.8, angle=0.0), 20.0)
    across = straight_line(pens.Pen(0.1, flatness=0.8, angle=np.pi / 2), 20.0)
    assert across.sum() > 2 * along.sum()


def test_taper_and_grain_take_ink_away():
    full = straight_line(pens.Pen(0.1), 20.0)
    tapered = straight_line(pens.Pen(0.1, taper=0.9), 20.0)
    assert tapered[:, :45].sum() < 0.8 * full[:, :45].sum()
    grainy = straight_line(pens.Pen(0.1, grain=0.5), 20.0)
    assert grainy[60, 40:120].std() > 20 > full[60, 40:120].std()


@pytest.mark.parametrize("seed", range(8))
def test_drawn_pens_are_within_the_limits(seed):
    source = rng(seed)
    for _ in range(100):
        pen = pens.draw_pen(source)
        assert pens.THINNEST <= pen.width <= pens.THICKEST
        widths = pens.widths_along(np.zeros((30, 2)), pen, source)
        assert widths.min() > 0
        assert widths.max() <= 1


def test_ink_fills_its_box():
    template = templates.digit_templates(3)[0]
    lines = strokes.write(template, Hand(), rng())
    pixels, pen_px = ink.fit(lines, (20, 10, 90, 90), pens.Pen(0.1))
    coverage = ink.draw(pixels, pens.Pen(0.1), pen_px, (140, 120), rng())
    rows = np.flatnonzero(coverage.max(axis=1) > 128)
    assert (rows[0], rows[-1]) == (pytest.approx(10, abs=1), pytest.approx(99, abs=1))
    assert pen_px == pytest.approx(9)


@pytest.mark.parametrize("name", ["narrow", "slashed", "oval"])
def test_no_pen_fills_a_zero(name):
    template = next(t for t in templates.digit_templates(0) if t.name == name)
    lines = strokes.write(template, Hand(), rng())
    pen = pens.Pen(pens.THICKEST)
    pixels, pen_px = ink.fit(lines, (10, 10, 100, 100), pen)
    coverage = ink.draw(pixels, pen, pen_px, (120, 120), rng())
    assert coverage[40:80, 50:70].min() < 50


def test_placed_digits_stay_on_their_page():
    source = rng(7)
    lines = strokes.write(templates.digit_templates(8)[0], Hand(), source)
    for _ in range(40):
        coverage = canvas.place(lines, pens.draw_pen(source), source)
        border = np.concatenate([coverage[0], coverage[-1], coverage[:, 0], coverage[:, -1]])
        assert border.max() == 0
        share = canvas.ink_extent(coverage) / min(coverage.shape)
        assert 0.1 < share <= 0.97
        assert canvas.ink_extent(coverage) >= canvas.SMALLEST - 3


def test_pages_come_in_both_polarities_and_keep_contrast():
    source = rng(1)
    coverage = np.zeros((40, 40), np.uint8)
    coverage[10:30, 10:30] = 255
    inks = [canvas.colour(coverage, source) for _ in range(200)]
    contrast = np.array([int(grey[20, 20]) - int(grey[0, 0]) for grey in inks])
    assert np.abs(contrast).min() >= 69
    assert 0.2 < (contrast > 0).mean() < 0.45


@pytest.mark.parametrize(
    "fault", [canvas.coarsen, canvas.threshold, canvas.blur, canvas.speckle, canvas.compress]
)
def test_faults_change_a_page_but_leave_it_readable(fault):
    source = rng(2)
    lines = strokes.write(templates.digit_templates(5)[0], Hand(), source)
    pixels, pen_px = ink.fit(lines, (20, 20, 60, 60), pens.Pen(0.12))
    page = 255 - ink.draw(pixels, pens.Pen(0.12), pen_px, (100, 100), source)
    faulty = fault(page, 60, source)
    assert faulty.shape == page.shape
    assert faulty.dtype == np.uint8
    assert not np.array_equal(faulty, page)
    assert np.corrcoef(faulty.ravel(), page.ravel())[0, 1] > 0.7
