"""The gunicorn worker that buffers whole requests."""
