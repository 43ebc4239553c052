"""Examples that a team has taught, and snapshots of them."""
