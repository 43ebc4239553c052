"""Exports examples to files in several formats."""
