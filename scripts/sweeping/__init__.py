"""Many trainings with other settings and seeds, and what became of them."""
