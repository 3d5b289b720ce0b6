"""The training room: start a run, watch it, tell it what to do, and take along what it learnt."""

from typing import Any

from flask import Blueprint, Flask, Response, render_template, request

from server.assets import File
from server.parsing.pictures import receive
from server.parsing.strict_json import load_json
from server.problems import Problem
from server.routes.pages import page
from server.routes.responses import answer
from server.services import services
from server.training_room import checks, data_set, settings, views
from server.training_room.asking import as_onnx, ask
from server.training_room.building import forms
from server.training_room.building.script import script
from server.training_room.room import Occupied, Room
from server.training_room.run_folder import RunFolder
from server.training_room.settings import SettingError, Settings

OFF = "the training room is off here; `TRAINING_ROOM=1` turns it on, and `scripts/serve` does"
MOST_COMMANDS = 1 << 20
"""Bytes of commands that one run takes: some 30,000."""
JSON_ALONE = "`Content-Type` must be application/json"

blueprint = Blueprint("training_room", __name__)


def room() -> Room:
    """Return the room of the application that is answering."""
    found = services().room
    assert found is not None
    return found


def register(app: Flask, opened: bool) -> None:
    """Serve the room in `app`, or say why it is not there."""
    if opened:
        app.register_blueprint(blueprint)
    else:
        app.before_request(say_that_it_is_off)


def say_that_it_is_off() -> None:
    """Answer for the addresses of the room where there is none."""
    if request.path == "/train" or request.path.startswith("/train/"):
        raise Problem("not_found", OFF)


@blueprint.get("/train")
def show() -> Response:
    """Show the page of the room."""
    return page("train.html", lambda: File(render().encode(), ".html"))


def render() -> str:
    """Write the page, with all that can be chosen."""
    return render_template(
        "train.html",
        networks=settings.CHOICES["network"],
        optimizers=settings.OPTIMIZERS,
        schedules=settings.SCHEDULES,
        losses=settings.CHOICES["loss"],
    )


@blueprint.get("/train/data")
def data() -> Response:
    """Say whether there is a data set, or how far it is being fetched."""
    return answer(data_set.status(room().folder))


@blueprint.post("/train/data")
def fetch() -> Response:
    """Fetch MNIST, if there is no data set."""
    sent_json()
    if data_set.status(room().folder)["state"] == "missing":
        data_set.fetch(room().folder)
    return data()


@blueprint.get("/train/layers")
def offer() -> Response:
    """Say what networks can be made of."""
    return answer({"layers": forms.kinds()})


@blueprint.post("/train/networks")
def measure() -> Response:
    """Say how large a network is, layer by layer, before anything is trained."""
    wanted = sent_settings()
    rows: list[dict[str, Any]] = []
    try:
        layers = wanted.layers(room().folder)
        rows = forms.rows(layers)
        wanted.sizes(room().folder)
    except SettingError as error:
        raise refused(error, layers=rows) from error
    total = sum(row["parameters"] for row in rows)
    known = {"settings": told(wanted), "script": script(wanted, layers)}
    return answer({"layers": rows, "parameters": total, **known})


@blueprint.post("/train/inputs")
def prepare() -> Response:
    """Say what a network sees of a drawing: a setting may name it and bring it back."""
    sent = receive(request, max_images=1)
    prediction = services().pipeline.predict(sent.pictures)
    return answer({"picture": views.picture(prediction.inputs[0])})


@blueprint.post("/train/runs")
def start() -> Response:
    """Start a run."""
    wanted = sent_settings()
    try:
        wanted.sizes(room().folder)
        name = room().start(wanted)
    except SettingError as error:
        raise refused(error) from error
    except Occupied as error:
        raise Problem("occupied", str(error), run=error.run) from error
    return answer({"run": name, "settings": told(wanted)})


@blueprint.get("/train/runs/<run>")
def watch(run: str) -> Response:
    """Say how a run goes: its state, the steps since ``since``, and what is new to see."""
    folder = find(run)
    folder.touch()
    status = room().status(run, folder)
    try:
        progress, following = folder.lines("progress.jsonl", number("since"))
    except ValueError as error:
        raise Problem("invalid_field", f"`since`: {error}", field="since") from error
    seen = number("seen")
    found = {name: folder.read(f"{name}.json") for name in ("answers", "inside", "by_hand")}
    new = {name: view for name, view in found.items() if view and view["look"] > seen}
    newest = max((view["look"] for view in new.values()), default=seen)
    known = {"progress": progress, "next": following, "seen": newest}
    return answer({"run": run, "status": status, **known, **new})


@blueprint.post("/train/runs/<run>/commands")
def tell(run: str) -> Response:
    """Tell a run to pause, do a step, go on, change its rate, show a layer, or stop."""
    folder = find(run)
    try:
        command = checks.command(sent_json())
    except SettingError as error:
        raise refused(error) from error
    folder.touch()
    if folder.size("commands.jsonl") > MOST_COMMANDS:
        raise Problem("too_many_requests", "a run takes no more commands than it has had")
    folder.append("commands.jsonl", command)
    return answer(command)


@blueprint.post("/train/runs/<run>/predict")
def predict(run: str) -> Response:
    """Let the network of this moment read a drawing."""
    folder = find(run)
    sent = receive(request, max_images=1)
    folder.touch()
    prediction = services().pipeline.predict(sent.pictures)
    try:
        return answer(ask(folder.weights, prediction.inputs[0]))
    except FileNotFoundError:
        raise Problem("not_found", "the run has not begun yet") from None


@blueprint.get("/train/runs/<run>/weights.npz")
def weights(run: str) -> Response:
    """Send the network of this moment, for ``MODEL=that.npz scripts/serve``."""
    return attached(begun(run).weights.read_bytes(), "trained-here.npz")


@blueprint.get("/train/runs/<run>/network.onnx")
def onnx(run: str) -> Response:
    """Send the network of this moment for programs that read ONNX."""
    return attached(as_onnx(begun(run).weights), "trained-here.onnx")


def begun(run: str) -> RunFolder:
    """Return the folder of a run that has a network, or raise a problem."""
    folder = find(run)
    if not folder.weights.exists():
        raise Problem("not_found", "the run has not begun yet")
    return folder


def attached(data: bytes, name: str) -> Response:
    """Answer with a file to be saved."""
    headers = {
        "Cache-Control": "no-store",
        "Content-Disposition": f"attachment; filename={name}",
    }
    return Response(data, headers=headers, content_type="application/octet-stream")


@blueprint.delete("/train/runs/<run>")
def remove(run: str) -> Response:
    """End a run, and remove all that is kept of it."""
    room().remove(run, find(run))
    return answer({"run": run})


def find(run: str) -> RunFolder:
    """Return the folder of a run, or raise a problem."""
    folder = room().find(run)
    if folder is None:
        raise Problem("not_found", "there is no such run, or its files are removed already")
    return folder


def told(wanted: Settings) -> dict[str, Any]:
    """Return settings as they are answered: without drawings, which the client has."""
    return {name: value for name, value in wanted.as_json().items() if name != "drawings"}


def sent_settings() -> Settings:
    """Read the settings that were sent."""
    try:
        return settings.read(sent_json())
    except SettingError as error:
        raise refused(error) from error


def sent_json() -> Any:
    """Read a body in JSON and nothing else: a page of another site cannot send that unasked."""
    if request.mimetype != "application/json":
        raise Problem("unsupported_media_type", JSON_ALONE, {"Accept": "application/json"})
    return load_json(request.get_data(cache=False))


def refused(error: SettingError, **more: Any) -> Problem:
    """Say which setting cannot be taken, and why."""
    return Problem("invalid_field", str(error), field=error.field, **more)


def number(name: str) -> int:
    """Read a whole number of the query string; 0 if there is none."""
    text = request.args.get(name, "") or "0"
    if not text.isascii() or not text.isdigit() or len(text) > 12:
        raise Problem("invalid_field", f"`{name}` must be a whole number", field=name)
    return int(text)
