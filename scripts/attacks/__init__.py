"""What a hostile client may try, run against a service of one's own."""
