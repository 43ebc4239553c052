"""Recommends prompting or fine-tuning from a team's own numbers."""
