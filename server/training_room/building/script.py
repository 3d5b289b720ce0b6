"""The Python that does what a run does, for those who want to go on without the room."""

import re
from collections.abc import Sequence

from convnet import Layer
from server.training_room.building.sizes import INPUT
from server.training_room.settings import Settings

LOSSES = {
    "cross-entropy": "CrossEntropy()",
    "binary-cross-entropy": "BinaryCrossEntropy()",
    "mean-squared-error": "MeanSquaredError()",
}
OPTIMIZERS = {
    "adam": "Adam({})",
    "adamw": "AdamW({})",
    "rmsprop": "RMSprop({})",
    "momentum": "SGD({}, momentum=0.9)",
    "sgd": "SGD({})",
}
SCHEDULES = {
    "constant": "{rate!r}",
    "cosine": "Cosine({rate!r}, steps)",
    "one-cycle": "OneCycle({rate!r}, max(steps, 2))",
    "step": "Step({rate!r}, max(steps // 3, 1))",
}

TEXT = '''\
"""Trains a network as the training room of convnet does: run it from the project's folder."""

import numpy as np

from convnet import {imports}

data = datasets.load()  # what CONVNET_DATA_DIR names
train = data.train.subset({digits}, {pictures})
test = data.test.subset({digits})
steps = {epochs} * -(-len(train) // {batch})

network = Sequential(
    [
{layers}
    ],
    {shape},
    rng=np.random.default_rng({seed}),
    name="trained-here",
)
trainer = Trainer(network, {loss}, {optimizer})
trainer.fit(
    train.images,
    train.labels,
    epochs={epochs},
    batch_size={batch},
    rng=np.random.default_rng({seed}),{augment}
    verbose=True,
)
loss, accuracy = trainer.evaluate(test.images, test.labels)
print(f"{{accuracy:.2%}} of {{len(test)}} held-out pictures are read right")
network.save("trained-here.npz")  # MODEL=trained-here.npz scripts/serve
'''


def script(settings: Settings, layers: Sequence[Layer]) -> str:
    """Return the script; empty where there are drawings or a base, which only the room has."""
    if settings.drawings or settings.base or settings.data == "written":
        return ""
    schedule = SCHEDULES[settings.schedule].format(rate=settings.rate)
    rows = "\n".join(f"        {layer!r}," for layer in layers)
    optimizer = OPTIMIZERS[settings.optimizer].format(schedule)
    loss = LOSSES[settings.loss]
    augment = "\n    augment=Augmenter()," if settings.augmentation else ""
    called = set(re.findall(r"\b([A-Z]\w+)\(", f"{rows} {optimizer} {loss} {augment}"))
    return TEXT.format(
        imports=", ".join(sorted({"Sequential", "Trainer", "datasets", *called})),
        digits=settings.digits,
        pictures=settings.pictures,
        epochs=settings.epochs,
        batch=settings.batch,
        layers=rows,
        shape=INPUT,
        seed=settings.seed,
        loss=loss,
        optimizer=optimizer,
        augment=augment,
    )
