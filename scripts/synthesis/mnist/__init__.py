"""MNIST's digits in other forms: inked anew, corrupted, composed into numbers."""
