"""Lines of digits and signs, as ink: what the line reader learns from."""
