"""Clients of the service: one over HTTP, one in this process, one in a browser."""
