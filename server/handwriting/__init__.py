"""Digits written stroke by stroke: templates, a hand, pens, ink."""
