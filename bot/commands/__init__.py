"""The `/triage` verbs, one module each: admins command, others get a friendly no."""
