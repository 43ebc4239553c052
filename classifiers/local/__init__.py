"""The local classifier: sentence embeddings with a calibrated linear head, fitted per team."""
