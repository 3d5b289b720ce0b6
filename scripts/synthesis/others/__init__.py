"""What is no digit."""
