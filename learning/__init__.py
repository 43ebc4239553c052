"""From examples to a better classifier."""
