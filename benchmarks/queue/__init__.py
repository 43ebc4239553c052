"""Queues on Redis, side by side."""
