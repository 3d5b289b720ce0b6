"""Training pictures changed at random: moved, bent, inked differently."""
