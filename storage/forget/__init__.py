"""Finds and removes all that is kept of a person."""
