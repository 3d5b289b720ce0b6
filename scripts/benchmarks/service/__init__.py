"""The service under load, beside a plain service with PyTorch."""
