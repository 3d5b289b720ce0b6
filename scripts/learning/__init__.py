"""What is read beside the page: documents into pages, and exercises with their checks."""
