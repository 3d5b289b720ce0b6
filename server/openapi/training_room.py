"""The operations of the training room, which are there where it is on."""

from typing import Any

from server.openapi.builders import (
    WITH_BODY,
    WITH_PICTURE,
    Part,
    answer,
    operation,
    pictures,
    problems,
    query,
)
from server.openapi.example_requests import EXPLAIN
from server.openapi.json_schema import (
    BYTES,
    COUNT,
    NUMBER,
    TEXT,
    TRUTH,
    about,
    array,
    nullable,
    record,
    ref,
)
from server.training_room.checks import COMMANDS
from server.training_room.settings import CHOICES, WHOLE, Settings

TAG = "training"
RUN: Part = {
    "name": "run",
    "in": "path",
    "required": True,
    "description": "The name of the run, as its start was answered",
    "schema": about({"type": "string", "pattern": "^[0-9a-f]{12}$"}, "The name of the run"),
}
ANY: Part = {"type": "object"}

MEANINGS = {
    "network": "The name of a network; not looked at if there is `python`",
    "python": "A network of one's own: `Sequential([…])` of known layers with literal arguments",
    "loss": "What is made small",
    "optimizer": "How weights follow gradients",
    "rate": "The learning rate, or the highest one of a schedule",
    "schedule": "How the rate changes from step to step",
    "batch": "Pictures in a step",
    "epochs": "Passes over the pictures",
    "augmentation": "Whether pictures are bent, turned and moved",
    "seed": "What weights and order are drawn from",
    "digits": "Which digits are learnt",
    "pictures": "How many pictures are trained on, at most",
    "drawings": "The client's own drawings by name, each 28 × 28 bytes in base64 with ink 255, as "
    "`/train/inputs` gives them: kinds that are learnt with the digits, or alone",
    "data": "The data set that is there, or digits that the project writes itself",
    "base": "A run, or `digits`: its layers are kept, and a new last one is trained on them",
    "minutes": "When the run ends at the latest",
}


def paths() -> dict[str, Part]:
    """Describe every operation of the room."""
    one = "/train/runs/{run}"
    return {
        "/train": {"get": page()},
        "/train/data": {"get": data(), "post": fetch()},
        "/train/layers": {"get": offer()},
        "/train/networks": {"post": measure()},
        "/train/inputs": {"post": prepare()},
        "/train/runs": {"post": start()},
        one: {"get": watch(), "delete": remove()},
        f"{one}/commands": {"post": command()},
        f"{one}/predict": {"post": predict()},
        f"{one}/weights.npz": {"get": weights()},
        f"{one}/network.onnx": {"get": onnx()},
    }


def settings() -> Part:
    """Describe what a run is asked for with; all of it may be left out."""
    properties: dict[str, Part] = {}
    for name, default in Settings().as_json().items():
        properties[name] = about(kind(name, default), MEANINGS[name]) | {"x-default": default}
    return record(tuple(properties), **properties) | {"additionalProperties": False}


def kind(name: str, default: Any) -> Part:
    """Return the type of a setting."""
    if name in CHOICES:
        return {"enum": list(CHOICES[name])}
    if name == "digits":
        return array({"type": "integer", "minimum": 0, "maximum": 9}, uniqueItems=True)
    if name == "drawings":
        return {"type": "object", "additionalProperties": array(TEXT, minItems=2)}
    if isinstance(default, bool):
        return {"type": "boolean"}
    if isinstance(default, int):
        low, high = WHOLE.get(name, (1, 30))
        return {"type": "integer", "minimum": low, "maximum": high}
    return {"type": "number", "minimum": 0, "maximum": 100} if name == "rate" else TEXT


def body(schema: Part, value: Any) -> Part:
    """Describe a body in JSON, with an example."""
    shown = {"example": {"summary": "An example", "value": value}}
    return {
        "required": True,
        "content": {"application/json": {"schema": schema, "examples": shown}},
    }


def in_json(schema: Part, description: str) -> Part:
    """Describe an answer in JSON; each is true for a moment, so none is shown."""
    return {"200": answer(description, {"application/json": {"schema": schema}})}


def page() -> Part:
    """Describe the page."""
    html = {"text/html": {"schema": TEXT}}
    told = "The page that builds, trains and shows networks."
    return operation(
        TAG, "Open the training room", told, {"200": answer("A page", html, ("ETag",))}
    )


DATA = record(
    ("folder", "reason", "file", "done", "total"),
    state=about({"enum": ["here", "missing", "fetching"]}, "Whether there is a data set"),
    folder=about(TEXT, "Where it is"),
    reason=about(TEXT, "Why there is none"),
    file=about(TEXT, "What is being fetched"),
    done=about(COUNT, "Bytes of that file that are there"),
    total=about(COUNT, "All of its bytes; 0 if that is not known"),
)


def data() -> Part:
    """Describe how one asks for the data set."""
    told = "Says whether there is a data set to learn from, or how far it is being fetched."
    return operation(TAG, "Ask for the data set", told, in_json(DATA, "Whether it is there"))


def fetch() -> Part:
    """Describe how the data set is fetched."""
    return operation(
        TAG,
        "Fetch the data set",
        "Fetches MNIST, 11 MB, into the folder of data sets of this machine, if there is none.",
        in_json(DATA, "How far it is") | problems(*WITH_BODY),
        requestBody=body({"type": "object"}, {}),
    )


def offer() -> Part:
    """Describe the layers that there are."""
    setting = record(
        name=about(TEXT, "As in Python"),
        about=about(TEXT, "What it means"),
        default=about(nullable(TEXT), "In Python; null if it must be given"),
        start=about(TEXT, "What to begin with"),
        choices=about(array(TEXT), "Values to choose from, in Python"),
        others=about(TRUTH, "Whether there are other values"),
    )
    kind = record(
        kind=about(TEXT, "Its name"),
        about=about(TEXT, "What it does"),
        settings=about(array(setting), "In the order of its arguments"),
    )
    layers = record(layers=about(array(kind), "Every kind"))
    told = "Says which kinds of layers there are, and what can be set in each."
    return operation(TAG, "List the layers", told, in_json(layers, "All of them"))


def measure() -> Part:
    """Describe how a network is measured."""
    layer = record(
        layer=about(TEXT, "The Python that makes it"),
        kind=about(TEXT, "Its kind"),
        settings=about({"type": "object", "additionalProperties": TEXT}, "Each in Python"),
        shape=about(array(COUNT), "What it gives"),
        parameters=about(COUNT, "Numbers that are trained in it"),
    )
    sizes = record(
        layers=about(array(layer), "In their order"),
        parameters=about(COUNT, "Of all layers"),
        settings=about(settings(), "With what was left out, and without drawings"),
        script=about(TEXT, "Python that does the same; empty with drawings or a base"),
    )
    return operation(
        TAG,
        "Measure a network",
        "Says the shape and the parameters of every layer, or what does not fit; then `layers` of "
        "the problem has the shapes as far as they fit together, and null from there on.",
        in_json(sizes, "How large it is") | problems(*WITH_BODY),
        requestBody=body(settings(), {"python": "Sequential([Flatten(), Dense(10)])"}),
    )


def prepare() -> Part:
    """Describe how a drawing is made an input."""
    seen = record(picture=about(TEXT, "28 × 28 bytes in base64, with ink 255"))
    return operation(
        TAG,
        "Prepare a drawing",
        "Says what a network sees of a picture, for `drawings`. Nothing of it is kept.",
        in_json(seen, "The input") | problems(*WITH_PICTURE),
        requestBody=pictures(ref("PictureToExplain"), EXPLAIN),
    )


def start() -> Part:
    """Describe how a run is started."""
    run = record(
        run=about(TEXT, "The name of the run"),
        settings=about(settings(), "With what was left out"),
    )
    return operation(
        TAG,
        "Start a run",
        "Trains a network in a process of its own, one at a time. The run ends a minute after it "
        "was last asked for.",
        in_json(run, "It has started") | problems(*WITH_BODY, "occupied"),
        requestBody=body(settings(), {"network": "live-app", "epochs": 1}),
    )


def watch() -> Part:
    """Describe how a run is watched."""
    state = {"enum": ["starting", "running", "paused", "ended", "failed"]}
    run = record(
        ("answers", "inside", "by_hand"),
        run=about(TEXT, "The name of the run"),
        status=about(
            record(state=about(state, "What the run is doing"), step=about(COUNT, "Steps so far")),
            "How it goes; `reason` says why it ended",
        ),
        progress=about(
            array(
                record(
                    step=about(COUNT, "Steps so far"),
                    loss=about(NUMBER, "The mean loss since the entry before"),
                    accuracy=about(NUMBER, "The share of right answers since then"),
                )
            ),
            "What is new since `since`",
        ),
        next=about(COUNT, "The `since` of the next request"),
        seen=about(COUNT, "The `seen` of the next request"),
        answers=about(ANY, "Confusion matrix, mistakes and places of held-out pictures"),
        inside=about(ANY, "Kernels, maps, activations and gradients"),
        by_hand=about(
            ANY, "Batch, scores, loss, gradients and weights of a step that was asked for"
        ),
    )
    options = query(
        since=about(COUNT, "`next` of the answer before"),
        seen=about(COUNT, "`seen` of the answer before; views that are older are left out"),
    )
    return operation(
        TAG,
        "Watch a run",
        "Says how a run goes. Ask again with `since`, four times a second or less often.",
        in_json(run, "How it goes") | problems("not_found", "invalid_field"),
        parameters=[RUN, *options],
    )


def command() -> Part:
    """Describe the commands."""
    told = record(
        ("value", "layer", "digit"),
        command=about({"enum": list(COMMANDS)}, "What to do"),
        value=about({"type": "number", "minimum": 0, "maximum": 100}, "The new rate"),
        layer=about(COUNT, "Whose maps are shown"),
        digit=about(COUNT, "Of which class"),
    )
    return operation(
        TAG,
        "Tell a run",
        "Pauses a run, does one step, goes on, changes the rate, shows a layer, or stops.",
        in_json(told, "It is told") | problems(*WITH_BODY, "not_found"),
        parameters=[RUN],
        requestBody=body(told, {"command": "pause"}),
    )


def predict() -> Part:
    """Describe how the network of this moment is asked."""
    read = record(
        digit=about(COUNT, "The likeliest"),
        labels=about(array(TEXT), "The name of each output"),
        probabilities=about(array(NUMBER), "One for each output"),
        step=about(COUNT, "How many steps the network had trained"),
    )
    return operation(
        TAG,
        "Ask the network of this moment",
        "Lets the network that is being trained read a picture.",
        in_json(read, "What it reads") | problems(*WITH_PICTURE, "not_found"),
        parameters=[RUN],
        requestBody=pictures(ref("PictureToExplain"), EXPLAIN),
    )


def weights() -> Part:
    """Describe the download of the weights."""
    told = "The network of this moment as an .npz file, which `MODEL` takes."
    return download("Take the weights along", told)


def onnx() -> Part:
    """Describe the download for other programs."""
    return download(
        "Take the network along as ONNX",
        "The network of this moment for programs that read ONNX: `images` (N, 28, 28, 1) in, "
        "`probabilities` out.",
    )


def download(summary: str, told: str) -> Part:
    """Describe a file to be saved."""
    content = {"application/octet-stream": {"schema": BYTES}}
    answers = {"200": answer("The file", content), **problems("not_found")}
    return operation(TAG, summary, told, answers, parameters=[RUN])


def remove() -> Part:
    """Describe how a run is removed."""
    return operation(
        TAG,
        "Remove a run",
        "Ends a run, and removes all that is kept of it.",
        in_json(record(run=about(TEXT, "Its name")), "It is gone") | problems("not_found"),
        parameters=[RUN],
    )
