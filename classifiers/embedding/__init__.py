"""Sentence embeddings: turn texts into unit vectors."""
