"""Turns agents' labels into examples, training sets and better classifiers."""
