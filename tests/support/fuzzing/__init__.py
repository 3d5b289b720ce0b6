"""Inputs that are right in structure and strange in contents, for everything that reads."""
