"""All that is dear to compute about one picture: what every layer saw, drawn, and why."""

from dataclasses import dataclass

from server.explanation import occlusion, sprites
from server.explanation.layer_trace import Trace, trace
from server.explanation.sprites import Sprite
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
    """

    layers: list[Trace]
    maps: dict[int, Sprite]
    logits: Scores
    heatmap: Sprite | None
    ink: str | None = None


def explain(
    recognizer: Recognizer, ink: Inputs, target: int, maps: frozenset[int], heatmap: bool
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
    """
    layers = trace(recognizer, ink)
    return Explanation(
        layers,
        {index: sprites.maps(layers[index].output) for index in maps},
        recognizer.logits([ink])[0],
        occlusion.heatmap(recognizer, ink, target) if heatmap else None,
    )
