"""Networks before they are trained: read from Python, measured, and as forms."""
