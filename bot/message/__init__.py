"""The way of a message: take it from the inbox, classify it, decide, show the decision."""
