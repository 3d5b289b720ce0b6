"""What every layer saw, and why."""
