"""The state of a workspace, and what changes it."""
