"""Readings into the JSON of the contract."""
