"""Answers to an unlabelled CSV file, in the form that Kaggle's competitions ask for."""

from __future__ import annotations

from pathlib import Path

import numpy as np

import convnet
from convnet.datasets import DatasetError, csv
from convnet.storage.atomic_write import atomic_write
from scripts.training.models import classes_of, open_network

USUAL = "ImageId", "Label"  # of Kaggle's Digit Recognizer


def write_submission(table: Path, model: str, out: Path) -> int:
    """Write a line for each row of `table`: its id and the likeliest class.

    Parameters
    ----------
    table : path
        A CSV file of pixels, in the form that the network learnt from. Ids are those of a column
        ``id``, or count from 1.
    model : str
        Weights, or the name of shipped ones.
    out : path
        Starts with a line of names: that of the ids' column and ``label``, or `USUAL`.

    Returns
    -------
    int
        How many lines were written.

    Raises
    ------
    ValueError
        If the file or the weights are broken, or do not fit each other.
    """
    network = open_network(model)
    rows = csv.read_table(table)
    if (*rows.images.shape[1:], 1) != network.input_shape:
        wanted = " × ".join(map(str, network.input_shape))
        got = " × ".join(map(str, rows.images.shape[1:]))
        raise DatasetError(table, f"{network.name} takes pictures of {wanted}, these are {got}")
    inputs = rows.images[..., np.newaxis].astype(np.float32) / np.float32(255)
    answers = convnet.InferenceNetwork(network).predict(inputs).argmax(axis=1)
    names = classes_of(network)
    own_id = rows.columns.id
    ids = rows.ids or [str(number) for number in range(1, len(answers) + 1)]
    head = USUAL if own_id is None else (rows.columns.names[own_id], "label")
    lines = [head, *zip(ids, (str(names[answer]) for answer in answers), strict=True)]
    with atomic_write(out) as file:
        file.write("".join(f"{','.join(line)}\n" for line in lines).encode())
    return len(answers)
