"""The page, measured and photographed in a real browser: what docs/page.md shows."""
