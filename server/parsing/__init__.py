"""What a client sent, as typed values."""
