"""The classifier in use, the examples it learns, and the challenger in shadow mode."""
