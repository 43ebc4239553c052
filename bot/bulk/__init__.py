"""Files of any length through the classifier."""
