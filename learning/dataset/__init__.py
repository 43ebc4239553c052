"""Freezes examples into snapshots, splits them, and checks them for conflicts."""
