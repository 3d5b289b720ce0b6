"""Pictures by the million: cut into chunks, read by all cores or a cluster, one row for each."""
