"""Events between the acknowledgement and the answer."""
