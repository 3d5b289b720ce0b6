"""All that is dear to compute about one picture: what every layer saw, drawn, and why."""

from dataclasses import dataclass

from server.explanation import occlusion, sprites
from server.explanation.gradient_arithmetic import Gradients
from server.explanation.layer_trace import Trace, trace
from server.explanation.sprites import Sprite
from server.problems import Problem
from server.recognizer import Inputs, Recognizer, Scores


@dataclass(frozen=True)
class Explanation:
    """What became of one input in the network.

    Attributes
    ----------
    layers : list of Trace
    maps : dict
        Index of a layer → its feature maps, drawn; only those that were asked for.
    logits : ndarray of float64, shape (K,)
        One for each class.
    heatmap : Sprite or None
        What covering parts of the input does to the score; None if unasked.
    ink : str or None
        A data URL: the picture, in it the ink that was found; None if unasked, or not looked for.
    gradients : Gradients or None
        What comes back through the network; None if unasked.
    """

    layers: list[Trace]
    maps: dict[int, Sprite]
    logits: Scores
    heatmap: Sprite | None
    ink: str | None = None
    gradients: Gradients | None = None


def explain(
    recognizer: Recognizer,
    ink: Inputs,
    target: int,
    maps: frozenset[int],
    heatmap: bool,
    truth: int | None = None,
) -> Explanation:
    """Follow an input through the network.

    Parameters
    ----------
    recognizer : Recognizer
    ink : ndarray of float32
        One input.
    target : int
        Index of the class whose score the heat map is about.
    maps : frozenset of int
        The layers whose feature maps are drawn.
    heatmap : bool
    truth : int, optional
        The class that gradients take for the truth; without one, there are none.

    Raises
    ------
    Problem
        If the network does not know the class `truth`.
    """
    layers = trace(recognizer, ink)
    return Explanation(
        layers,
        {index: sprites.maps(layers[index].output) for index in maps},
        recognizer.logits([ink])[0],
        occlusion.heatmap(recognizer, ink, target) if heatmap else None,
        gradients=None if truth is None else come_back(recognizer, ink, truth),
    )


def come_back(recognizer: Recognizer, ink: Inputs, truth: int) -> Gradients:
    """Return what comes back through the network if a class is the truth."""
    try:
        return Gradients(truth, *recognizer.gradients(ink, truth))
    except ValueError as error:
        raise Problem("invalid_field", f"`target`: {error}", field="target") from error
