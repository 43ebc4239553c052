"""Prompt or fine-tune? A recommendation from a team's own numbers."""
