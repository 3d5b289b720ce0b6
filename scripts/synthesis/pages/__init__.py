"""What ink stands on: canvases, scans, cut-outs, photos."""
