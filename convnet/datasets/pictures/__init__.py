"""Folders of pictures, one for each class, and the reader of PNG files that they need."""
