"""Settings from the environment, and triage.toml."""
