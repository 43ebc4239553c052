"""Delivery of events and interactions to the app."""
