"""Events between the ack and the answer."""
