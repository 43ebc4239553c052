"""Redaction: replace personal data and secrets by placeholders."""
