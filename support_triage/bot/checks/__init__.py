"""The checks of `triage doctor`, each of which returns findings."""
