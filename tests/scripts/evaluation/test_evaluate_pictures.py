"""`scripts/evaluate.py` with pictures: the figures are those of the service, and the card's too."""

import base64
import io
import json
import re
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

import convnet
from convnet.metrics import expected_calibration_error
from scripts import evaluate
from scripts.evaluation import card, targets
from scripts.evaluation.answers import Answers, answer, figures, prepare
from scripts.evaluation.files import read_folder, stand_ins
from scripts.evaluation.measurement import Measurement
from scripts.evaluation.summary import spread
from scripts.figures.failures import Failure, failure_sheet
from scripts.recipe.digits import ServedRecipe
from scripts.synthesis.standins import KINDS, writers
from server import create_app
from server.finding.prepare import preprocess
from server.images.decode import decode
from server.recognizer import Recognizer
from tests.support.tiny_digits import tiny_digits, write_idx

DATA = tiny_digits()
LOOK = writers.Look(120, 0.7, 0.1)


def picture(digit: int, seed: int = 0, form: str = "PNG") -> bytes:
    """A digit that somebody drew, as a file."""
    rng = np.random.default_rng(seed)
    buffer = io.BytesIO()
    writers.show(writers.write(digit, rng), LOOK, rng).convert("RGB").save(buffer, form)
    return buffer.getvalue()


def blank() -> bytes:
    buffer = io.BytesIO()
    Image.new("L", (90, 60), 255).save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty digits, PNG and JPEG, two things that are none, and what else lies in folders."""
    folder = tmp_path_factory.mktemp("pictures")
    for digit in range(10):
        (folder / str(digit)).mkdir()
        (folder / str(digit) / "a.png").write_bytes(picture(digit, digit))
        (folder / str(digit) / "b.jpg").write_bytes(picture(digit, digit + 10, "JPEG"))
    (folder / "none").mkdir()
    (folder / "none" / "blank.png").write_bytes(blank())
    (folder / "none" / "notes.txt").write_text("no picture at all")
    (folder / "3" / ".hidden").write_text("not to be sent")
    (folder / "3" / "sub").mkdir()
    return folder


@pytest.fixture(scope="module")
def model(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The shipped network with a threshold that some of the folder's digits do not reach."""
    network = convnet.load_pretrained("digits")
    recognizer = Recognizer(network)
    inputs = prepare(read_folder(folder))
    energies = answer(inputs, recognizer).of_digits.energy
    threshold = float(np.sort(energies)[6] + 0.01)
    network.metadata["calibration"] = {
        "temperature": 1.5,
        "rejection": {
            "score": "energy",
            "threshold": threshold,
            "trade_off": [{"threshold": threshold, "digits_accepted": 0.7, "others_refused": 0.9}],
        },
    }
    settings = asdict(ServedRecipe(kinds={"photos": 1234}, held_out_kinds={"photos": 77}))
    settings |= {"augment": "-", "final_augment": "-"}
    network.metadata["training"] = {"recipe": "digits", **settings}
    network.metadata["held_out"] = {"mnist": 0.9912, "photos": 0.9834}
    path = tmp_path_factory.mktemp("model") / "n.npz"
    network.save(path)
    return str(path)


# A folder


def test_a_folder_is_read_by_label(folder: Path) -> None:
    read = read_folder(folder)
    assert read.labels.tolist() == [digit for digit in range(10) for _ in "ab"] + [-1, -1]
    assert [path.name for path in read.paths[-2:]] == ["blank.png", "notes.txt"]
    assert read.files[0] == (folder / "0" / "a.png").read_bytes()
    assert not any(path.name in {".hidden", "sub"} for path in read.paths)


def test_an_empty_folder_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert evaluate.main(["--pictures", str(tmp_path)]) == 1
    assert f"{tmp_path}: no pictures in sub-folders 0/ … 9/ or none/" in capsys.readouterr().err


def test_answers_are_those_of_the_service(folder: Path, model: str) -> None:
    """Every file is also sent to the application itself."""
    recognizer = Recognizer.load(model)
    inputs = prepare(read_folder(folder))
    read = read_folder(folder).without(inputs.left_out)
    answers = answer(inputs, recognizer)
    client = create_app(recognizer=recognizer).test_client()
    refused = 0
    for index, file in enumerate(read.files):
        text = base64.b64encode(file).decode()
        response = client.post("/predict", json={"image": text})
        if response.status_code == 422:
            assert response.get_json()["code"] == "blank_image"
            assert not inputs.readable[index]
            assert answers.digits[index] == -1
            assert answers.energy[index] == -np.inf
            continue
        body = response.get_json()
        assert inputs.readable[index]
        assert answers.digits[index] == (-1 if body["digit"] is None else body["digit"])
        np.testing.assert_allclose(answers.probabilities[index], body["probabilities"], atol=2e-6)
        np.testing.assert_array_equal(inputs.images[index], preprocess(decode(file)))
        refused += body["digit"] is None
    assert refused == 7, "the test needs refused digits"
    assert (~inputs.readable).sum() == 1
    assert list(inputs.left_out) == [21]


def test_figures_of_a_folder(folder: Path, model: str, capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--pictures", str(folder), "--model", model]
    assert evaluate.main([*argv, "--json"]) == 0
    (one,) = json.loads(capsys.readouterr().out)["models"]
    found = one["sets"][str(folder)]
    assert (found["digits"], found["others"], found["others_refused"]) == (20, 1, 1.0)
    assert found["refused"] == 7 / 20
    assert found["right"] + found["misread"] + found["refused"] == pytest.approx(1)
    assert found["likeliest"] >= found["right"] >= 0.5
    assert one["sha256"] == Recognizer.load(model).sha256

    assert evaluate.main(argv) == 0
    shown = capsys.readouterr().out
    assert f"{found['right']:.2%}" in shown
    assert shown.count(": no digit") == 7, "every mistake is named"
    assert "blank.png" not in shown, "refusing it was right"


def test_what_is_no_picture_is_named_and_not_counted(
    tmp_path: Path, model: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "3").mkdir()
    (tmp_path / "3" / "notes.txt").write_text("no picture at all")
    (tmp_path / "3" / "cut.png").write_bytes(picture(3)[:-40])
    argv = ["--pictures", str(tmp_path), "--model", model]
    assert evaluate.main(argv) == 1
    shown = capsys.readouterr().err
    assert "none of the files in it can be read as a picture" in shown

    (tmp_path / "3" / "blank.png").write_bytes(blank())
    (tmp_path / "3" / "three.png").write_bytes(picture(3))
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "three.png").write_bytes(picture(3))
    assert evaluate.main([*argv, "--json"]) == 0
    shown = capsys.readouterr()
    cut, notes = shown.err.splitlines()
    assert cut.startswith(
        f"evaluate.py: left out: {tmp_path}/3/cut.png: the PNG picture is damaged"
    )
    assert notes.startswith(
        f"evaluate.py: left out: {tmp_path}/3/notes.txt: the bytes are not a PNG"
    )
    found = json.loads(shown.out)["models"][0]["sets"][str(tmp_path)]
    assert found["digits"] == 3
    assert found["refused"] >= 1 / 3, "the blank one"
    assert evaluate.main(argv) == 0
    wrong = capsys.readouterr().out.partition("the surest first:\n")[2]
    assert f"{tmp_path}/3/blank.png: no digit" in wrong
    assert f"{tmp_path}/7/three.png: " in wrong, "names belong to the pictures that are left"
    assert "cut.png" not in wrong


def test_several_networks_have_mean_and_spread(
    folder: Path, model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = str(tmp_path / "other.npz")
    convnet.build("cnn-numpy", rng=np.random.default_rng(0)).save(other)
    argv = ["--pictures", str(folder), "--model", model, other]
    assert evaluate.main([*argv, "--json"]) == 0
    models = json.loads(capsys.readouterr().out)["models"]
    a, b = (100 * one["sets"][str(folder)]["right"] for one in models)
    assert evaluate.main(argv) == 0
    expected = f"{(a + b) / 2:.2f}% ± {abs(a - b) / 2**0.5:.2f}%"  # of two: |a - b| / √2
    assert expected in capsys.readouterr().out


def test_several_networks_on_a_data_set(
    model: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = str(write_idx(tmp_path / "data", DATA))
    assert evaluate.main(["--data", data, "--model", model, model]) == 0
    shown = capsys.readouterr().out
    accuracy = re.findall(r"accuracy ([\d.]+%),", shown)[0]
    assert f"accuracy of 2 networks: {accuracy} ± 0.00%" in shown
    with pytest.raises(SystemExit):
        evaluate.main(["--model", model, model, "--figures", str(tmp_path)])
    assert "give one --model" in capsys.readouterr().err


# Figures by hand


def answers_of(rows: list[tuple[int, int, list[float], float]]) -> Answers:
    labels, digits, probabilities, energy = (list(column) for column in zip(*rows, strict=True))
    padded = np.array([p + [0.0] * (10 - len(p)) for p in probabilities])
    return Answers(np.array(labels), np.array(digits), padded, np.array(energy))


def test_figures_are_counted() -> None:
    answers = answers_of(
        [
            (0, 0, [0.9, 0.1], 9.0),  # right
            (0, 1, [0.2, 0.8], 8.0),  # misread
            (1, -1, [0.3, 0.7], 1.0),  # refused, though the likeliest is right
            (0, -1, [0.1] * 10, -np.inf),  # nothing was there to read
            (-1, -1, [0.5, 0.5], 0.5),  # no digit, refused
            (-1, 1, [0.0, 1.0], 7.0),  # no digit, taken for one
            (-1, 1, [0.0, 1.0], 6.0),
        ]
    )
    found = figures(answers)
    read = answers.only(np.array([True] * 3 + [False] * 4))
    error = expected_calibration_error(read.probabilities, read.labels)
    assert found == {
        "digits": 4, "right": 0.25, "misread": 0.25, "refused": 0.5, "likeliest": 0.5,
        "calibration_error": pytest.approx(error), "others": 3, "others_refused": 1 / 3,
    }  # fmt: skip
    assert figures(answers.of_others) == {"others": 3, "others_refused": 1 / 3}
    assert "calibration_error" not in figures(answers.only(np.arange(7) == 3))
    both = figures(answers + answers.of_digits)
    assert (both["digits"], both["others"], both["right"]) == (8, 3, 0.25)


def test_spread_is_that_of_a_sample() -> None:
    assert spread([0.5], "{:.1%}") == "50.0%"
    assert spread([1.0, 2.0, 6.0], "{:.2f}") == "3.00 ± 2.65"  # √((4 + 1 + 9) / 2)


@pytest.mark.parametrize(
    ("value", "less_is_better", "verdict"),
    [
        (0.99, False, "aim reached"),
        (0.985, False, "reached"),
        (0.97, False, "**missed**"),
        (0.97, True, "aim reached"),
        (0.995, True, "**missed**"),
    ],
)
def test_verdicts(value: float, less_is_better: bool, verdict: str) -> None:
    least, aim = (0.99, 0.98) if less_is_better else (0.98, 0.99)
    target = targets.Target("x", least, aim, lambda one: value, less_is_better=less_is_better)
    assert target.verdict(value) == verdict


# Stand-ins and the card


@pytest.mark.fonts
def test_stand_ins_have_the_whole_test_set_and_spread_the_corrupted_ones() -> None:
    sets = stand_ins(6, 3, DATA.test)
    assert set(KINDS) < set(sets)
    assert len(sets["mnist"].files) == 60
    assert all(len(sets[name].files) == 6 for name in KINDS)
    spread_labels = DATA.test.labels[[0, 10, 20, 30, 40, 50]]
    np.testing.assert_array_equal(sets["corrupted-fog"].labels, spread_labels)
    assert sets["drawn"].files == stand_ins(6, 3, DATA.test)["drawn"].files
    assert sets["drawn"].files != stand_ins(6, 4, DATA.test)["drawn"].files


@pytest.fixture(scope="module")
def written(model: str, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict]:
    """A card, and the figures of the same run."""
    folder = tmp_path_factory.mktemp("docs")
    data = write_idx(folder / "data", DATA)
    path = folder / "model-card.md"
    argv = ["--model", model, "--data", str(data), "--count", "10", "--card", str(path), "--json"]
    with pytest.MonkeyPatch.context() as patch:
        printed = io.StringIO()
        patch.setattr("sys.stdout", printed)
        assert evaluate.main(argv) == 0
    return path, json.loads(printed.getvalue())["models"][0]


@pytest.mark.fonts
def test_the_card_has_the_figures_of_its_run(written: tuple[Path, dict], model: str) -> None:
    path, figures_of_run = written
    text, sets = path.read_text(encoding="utf-8"), figures_of_run["sets"]
    for name in KINDS:
        (row,) = re.findall(rf"^\| `{name}`: .*$", text, re.MULTILINE)
        share = sets[name]["others_refused" if name == "non-digits" else "right"]
        assert f"{share:.2%}" in row
        assert "| 10 |" in row
    for name in (name for name in sets if name.startswith("corrupted-")):
        title = name.removeprefix("corrupted-").replace("_", " ")
        assert f"| {title} | {sets[name]['right']:.1%} |" in text
    arrays, files = sets["mnist-arrays"]["right"], sets["mnist"]["right"]
    assert f"| MNIST's test set | 99.65% | 99.80% | {arrays:.2%} |" in text
    assert f"difference | 0.03% | 0.00% | {abs(arrays - files):.2%} |" in text
    refused = sets["non-digits"]["others_refused"]
    assert f"| no digit: refused | 95.00% | 99.00% | {refused:.2%} |" in text


@pytest.mark.fonts
def test_the_card_has_what_the_weights_say(written: tuple[Path, dict], model: str) -> None:
    path, _ = written
    text, recognizer = path.read_text(encoding="utf-8"), Recognizer.load(model)
    assert recognizer.sha256 is not None
    assert recognizer.sha256 in text
    assert f"**{recognizer.calibration.threshold:.3f}**" in text
    assert "temperature, **1.500**" in text
    assert "| `photos` | 1,234 | 77 | 98.34% |" in text
    assert f"{recognizer.network.parameter_count:,} parameters" in text
    assert not re.search(r"\$[a-z{]", text), "no blank is left"
    assert "One seed was trained" in text


@pytest.mark.fonts
def test_the_cards_pictures_are_there(written: tuple[Path, dict]) -> None:
    path, _ = written
    wanted = set(re.findall(r"\]\((images/[^)]+)\)", path.read_text(encoding="utf-8")))
    drawn = {f"images/{file.name}" for file in (path.parent / "images").iterdir()}
    assert drawn == {f"images/{name}.png" for name in ("trade-off", "reliability", "failures")}
    assert wanted == drawn | {"images/standins.png"}
    for file in drawn:
        with Image.open(path.parent / file) as image:
            assert min(image.size) > 200


def test_a_card_needs_the_recipes_record(tmp_path: Path) -> None:
    recognizer = Recognizer(convnet.build("cnn-numpy", rng=np.random.default_rng(0)))
    measurement = Measurement("other.npz", recognizer, {}, {})
    with pytest.raises(ValueError, match=r"other\.npz: a card needs weights of `train\.py"):
        card.write_card(tmp_path / "card.md", [measurement], {})
    assert not list(tmp_path.iterdir())


def test_failures_are_shown_upright_on_white() -> None:
    lying = Image.new("RGBA", (40, 20), (0, 0, 0, 0))
    lying.paste((0, 0, 0, 255), (0, 0, 20, 20))
    exif = lying.getexif()
    exif[0x0112] = 6
    ink = np.zeros((28, 28), np.float32)
    shown = failure_sheet({"some": [Failure(lying, ink, "1 → 7")], "none": []})
    above, below = shown.axes
    assert above.get_title() == "1 → 7"
    pixels = np.asarray(above.images[0].get_array())
    dark = pixels.sum(axis=2) < 30
    rows, columns = np.flatnonzero(dark.any(axis=1)), np.flatnonzero(dark.any(axis=0))
    assert rows.mean() < 50, "what was left is above"
    assert abs(columns.mean() - 60.5) < 2
    assert np.asarray(below.images[0].get_array()).shape == (28, 28)
    assert isinstance(failure_sheet({"none": []}), Figure)


def test_the_shipped_card_is_of_the_shipped_weights(root: Path) -> None:
    text = (root / "docs" / "model-card.md").read_text(encoding="utf-8")
    recognizer = Recognizer.load("digits")
    assert recognizer.sha256 is not None
    assert recognizer.sha256 in text, "measure again: python scripts/evaluate.py --card"


def test_files_named_by_what_they_show_are_read(tmp_path):
    for name in ("0001_7.png", "b_none.jpg", "c_70.png", "plain.png"):
        (tmp_path / name).write_bytes(name.encode())
    folder = read_folder(tmp_path)
    assert [path.name for path in folder.paths] == ["0001_7.png", "b_none.jpg"]
    assert folder.labels.tolist() == [7, -1]
