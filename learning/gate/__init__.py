"""Compares champion and challenger, and decides on a promotion."""
