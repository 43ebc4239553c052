"""The checks of `triage doctor`."""
