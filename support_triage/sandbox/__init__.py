"""A local Slack to try a bot in: knows only the wire."""
