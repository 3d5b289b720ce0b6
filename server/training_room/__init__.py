"""The training room: a network that trains in a process of its own while pages watch it."""
