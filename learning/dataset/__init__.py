"""Snapshots of examples: frozen, split, checked for conflicts."""
