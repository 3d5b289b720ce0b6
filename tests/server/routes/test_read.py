"""POST /read: the numbers of a picture, in lines or cell by cell."""

import io

from PIL import Image

from tests.support.http import encoded, problem
from tests.support.strokes import in_cells


def test_read_answers_as_the_contract_says(client, seven):
    body = client.post("/read", json={"image": encoded(seven), "input": True}).get_json()
    assert body["text"] == "7"
    assert body["size"] == [280, 280]
    (digit,) = body["digits"]
    assert set(digit) == {
        "digit",
        "label",
        "confidence",
        "is_digit",
        "probabilities",
        "box",
        "input",
    }
    x, y, width, height = digit["box"]
    assert 40 < x < 80
    assert 40 < y < 80
    assert 120 < width < 200
    assert 140 < height < 200


def test_read_answers_a_grid_cell_by_cell_unless_lines_are_asked_for(client):
    file = io.BytesIO()
    Image.fromarray(in_cells(("4 2", " 8 ", "51 "))).save(file, "PNG")
    image = encoded(file.getvalue())
    body = client.post("/read", json={"image": image, "alphabet": "digits"}).get_json()
    grid = body["grid"]
    assert (grid["rows"], grid["columns"]) == (3, 3)
    assert grid["cells"] == [["4", "", "2"], ["", "8", ""], ["5", "1", ""]]
    expected = [(40, 40), (310, 40), (310, 310), (40, 310)]
    for found, there in zip(grid["corners"], expected, strict=True):
        assert max(abs(a - b) for a, b in zip(found, there, strict=True)) <= 6
    assert body["text"] == "42\n8\n51"
    assert [number["text"] for number in body["numbers"]] == list("42851")
    lines = client.post("/read", json={"image": image, "layout": "lines"}).get_json()
    assert lines["grid"] is None
    wrong = client.post("/read", json={"image": image, "layout": "rows"})
    assert "auto, grid, lines" in problem(wrong, 422, "invalid_field")["detail"]


def test_read_takes_one_picture(client, seven):
    problem(client.post("/read", json={"images": [encoded(seven)]}), 422, "missing_image")


def test_boxes_are_in_pixels_of_the_picture_that_was_sent(client):
    page = Image.new("L", (4000, 3000), 255)
    page.paste(0, (1000, 600, 1200, 1600))
    file = io.BytesIO()
    page.save(file, "PNG")
    body = client.post("/read", data=file.getvalue(), content_type="image/png").get_json()
    assert body["size"] == [4000, 3000]
    (digit,) = body["digits"]
    expected = (1000, 600, 200, 1000)
    assert all(abs(a - b) <= 80 for a, b in zip(digit["box"], expected, strict=True))
