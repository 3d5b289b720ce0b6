"""What explains the network beside the page: documents, chapters, and the code itself."""
