"""The `/triage` verbs, one module each; only admins may use them."""
