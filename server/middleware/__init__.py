"""What surrounds every request: limits, headers, log, errors, metrics."""
