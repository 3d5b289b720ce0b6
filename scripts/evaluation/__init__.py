"""Networks measured as they are served, and the model card that tells of it."""
