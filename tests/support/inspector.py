"""The inspector of the page: open a layer, and read the numbers that it shows."""

import re

import numpy as np


def open_layer(desk, name):
    desk.page.locator(f".layer[data-name={name}] button").press("Enter")
    desk.wait("() => document.querySelector('.equation strong')")


def name_of(network, kind, which=0):
    return [layer.name for layer in network.layers if type(layer).__name__ == kind][which]


def number(text):
    return float(text.replace("−", "-"))


def numbers(text):
    found = re.findall(r"[−-]?(?:\d+\.\d+(?:e[−-]\d+)?|\b0\b(?![,.]\d))", text)
    return [number(one) for one in found]


def shown(values):
    """Round to the three digits that the page shows."""
    return np.vectorize(lambda value: float(f"{value * (1 + 1e-12):.3g}"))(values)
