"""The work behind commands and reports, used by Slack and the command line."""
