"""The smallest service that somebody would write around the same network in PyTorch.

It decodes a picture, shrinks it to 28×28 and answers digit and probabilities. It does not look for
where the digit is, calibrates nothing and checks nothing: less work than `server/` does.
"""

from __future__ import annotations

import io
import os
import pickle
from pathlib import Path

import numpy as np
from flask import Flask, Response, jsonify, request
from PIL import Image

from scripts.benchmarks.peers.pytorch import PyTorch

network = PyTorch(threads=1)
network.open(pickle.loads(Path(os.environ["BLUEPRINT"]).read_bytes()))
network.network.eval()

app = Flask(__name__)


@app.post("/predict")
def predict() -> Response:
    """Answer for the picture in the body."""
    picture = Image.open(io.BytesIO(request.get_data())).convert("L").resize((28, 28))
    probabilities = network.probabilities(255 - np.asarray(picture)[None])[0].tolist()
    digit = max(range(10), key=probabilities.__getitem__)
    return jsonify(digit=digit, confidence=probabilities[digit], probabilities=probabilities)
