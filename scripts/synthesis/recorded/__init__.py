"""Real writers: pen strokes and scans that others have collected, and how each file is read."""
