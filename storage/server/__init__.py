"""Connections to Redis or Valkey, and our own server."""
