"""The comparison that decides on a promotion."""
