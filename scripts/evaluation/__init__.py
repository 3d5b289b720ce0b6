"""Measure networks as they are served, and write the model card."""
