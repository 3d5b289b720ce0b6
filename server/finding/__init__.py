"""Finding what is written in a picture, by a network that looks at every pixel."""
