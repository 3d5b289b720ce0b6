"""Data sets that need more than NumPy: folders of pictures of any kind."""
