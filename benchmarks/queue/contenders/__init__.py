"""The queues of the comparison."""
