"""One file per feature: parse the request, call the pipeline, answer."""
