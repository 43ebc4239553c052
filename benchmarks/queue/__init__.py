"""A comparison of queues on Redis."""
