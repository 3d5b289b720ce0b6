"""A picture of a number into its digits."""
