"""The parts of `scripts/benchmark.py`: each library (peer) in its own process, timed in turn."""
