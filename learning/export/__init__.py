"""Examples out of the house, in several formats."""
