"""The page in a real browser, for scripts that look at it: Chromium through Playwright."""
