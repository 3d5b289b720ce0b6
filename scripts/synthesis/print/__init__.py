"""Printed digits: fonts, displays, printing."""
