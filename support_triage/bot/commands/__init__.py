"""The `/triage` verbs, one module each."""
