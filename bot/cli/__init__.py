"""The `triage` command line, one module for each verb."""
