"""Classifies many texts in chunks, with several processes."""
