"""Many texts in chunks, by several processes."""
