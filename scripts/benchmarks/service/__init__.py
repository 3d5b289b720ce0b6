"""The service under load, beside what a user would write with PyTorch."""
