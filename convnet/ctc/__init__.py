"""Connectionist temporal classification: train a network to read a line without cutting it."""
