"""What `scripts/benchmark.py` is made of: peers in processes of their own, asked in turn."""
