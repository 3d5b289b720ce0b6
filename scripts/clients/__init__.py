"""Clients of the service: over HTTP (`convnet_client`), in this process, and in a browser."""
