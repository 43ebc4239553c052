"""The API that drives the sandbox: people, faults, limits."""
