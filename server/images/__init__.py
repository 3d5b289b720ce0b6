"""Hostile bytes in, grey pixels out."""
