"""The process that the engine runs in: threads, BLAS, malloc."""
