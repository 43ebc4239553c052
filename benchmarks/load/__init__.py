"""Load on the whole bot over the real wire, beside a bolt app that does nothing."""
