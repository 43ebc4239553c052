"""Finds and removes all data of a person."""
