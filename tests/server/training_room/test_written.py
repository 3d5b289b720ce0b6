"""Digits that the project writes itself can be learnt, and look like MNIST's."""

import numpy as np

from convnet import Trainer, build
from server.training_room.written import write_digits


def test_they_are_in_the_form_of_mnist_and_always_the_same():
    written = write_digits((0, 1, 7), 60)
    assert (written.train.images == write_digits((0, 1, 7), 60).train.images).all()
    assert set(written.train.labels.tolist()) == {0, 1, 7}
    assert written.train.images.shape == (60, 28, 28)
    ink = written.train.images.astype(float)
    centres = (ink.sum(axis=2) @ np.arange(28)) / ink.sum(axis=(1, 2))
    assert np.abs(centres - 13.5).max() < 1.1
    assert ink[:, 0].max() == 0


def test_what_is_learnt_of_them_holds_for_others():
    written = write_digits((0, 1), 200)
    trainer = Trainer(build("cnn-numpy", rng=np.random.default_rng(0)))
    trainer.fit(
        written.train.images, written.train.labels, epochs=3, batch_size=16,
        rng=np.random.default_rng(0),
    )  # fmt: skip
    assert trainer.evaluate(written.test.images, written.test.labels)[1] > 0.97
