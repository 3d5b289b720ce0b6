"""The served form of a network: layers folded together, every step planned beforehand."""
