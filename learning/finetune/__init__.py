"""Trains challengers: locally in seconds, or as durable jobs at a provider."""
