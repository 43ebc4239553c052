"""What the team has taught, and snapshots of it."""
