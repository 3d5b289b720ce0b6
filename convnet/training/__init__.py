"""Trainer, batches, weight average, checkpoints."""
