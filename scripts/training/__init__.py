"""What the training commands share: recipes, data, runs that can be stopped, the terminal."""
