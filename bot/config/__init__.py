"""Settings from the environment and from triage.toml."""
