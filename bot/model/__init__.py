"""The classifier that answers, the examples it learns, and the challenger in shadow."""
