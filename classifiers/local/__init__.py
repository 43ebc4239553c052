"""The team's own small model."""
