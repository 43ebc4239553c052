"""The control API of the sandbox: people, faults and limits."""
