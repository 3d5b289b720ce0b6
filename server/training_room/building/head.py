"""A new last layer on layers that have learnt already, and stay as they are."""

from convnet import Layer, Sequential
from convnet.layers import Dense


def with_new_head(trained: Sequential, classes: int) -> list[Layer]:
    """Return the layers of a network up to its last Dense, frozen, and a new one after them.

    Raises
    ------
    ValueError
        If the network has no Dense layer.
    """
    places = [i for i, layer in enumerate(trained.layers) if isinstance(layer, Dense)]
    if not places:
        raise ValueError("the network has no Dense layer at its end that could be made anew")
    kept = trained.layers[: places[-1]]
    for layer in kept:
        layer.trainable = False
    after = [type(layer)(**layer.config()) for layer in trained.layers[places[-1] + 1 :]]
    return [*kept, Dense(classes), *after]
