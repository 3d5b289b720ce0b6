"""Command-line scripts, and the packages they share."""
