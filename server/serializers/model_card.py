"""What the network is, how it was trained and how good it is: the answer of ``GET /model``."""

from typing import Any

from server.config import IMAGE_FORMATS, LIMITS, Config
from server.explanation import layer_cards
from server.recognizer import Recognizer

MNIST_TEST_IMAGES = 10_000


def card(recognizer: Recognizer, config: Config) -> dict[str, Any]:
    """Describe the network and the limits of the service."""
    layers = [layer_cards.describe(layer, index) for index, layer in enumerate(recognizer.layers)]
    record = recognizer.metadata
    return {
        "name": recognizer.name,
        "version": recognizer.version,
        "sha256": recognizer.sha256,
        "file_bytes": recognizer.file_bytes,
        "input_shape": layers[0]["input_shape"],
        "output_shape": layers[-1]["output_shape"],
        "input_form": recognizer.form.name,
        "classes": list(recognizer.classes.labels),
        "reads_numbers": recognizer.reads_numbers,
        "parameters": sum(layer["parameters"] for layer in layers),
        "multiply_adds": sum(layer["multiply_adds"] for layer in layers),
        "layers": layers,
        "architecture": [repr(layer) for layer in recognizer.network.layers],
        "training": record.get("training", {}),
        "accuracy": accuracies(record, recognizer.classes.are_digits),
        "calibration": record.get("calibration", {}),
        "limits": limits(config),
    }


def accuracies(record: dict[str, Any], of_digits: bool) -> dict[str, float]:
    """List the shares of pictures read correctly: of the test set, and of held-out pictures.

    The test set is MNIST's where it has MNIST's 10,000 digits; otherwise it is called ``test``.
    """
    test = {}
    if "test" in record:
        is_mnist = of_digits and record["test"].get("images") == MNIST_TEST_IMAGES
        test["mnist_test" if is_mnist else "test"] = record["test"]["accuracy"]
    return test | {f"held_out_{name}": share for name, share in record.get("held_out", {}).items()}


def limits(config: Config) -> dict[str, Any]:
    """List what the service takes."""
    return {name: getattr(config, name) for name in LIMITS} | {"formats": list(IMAGE_FORMATS)}
