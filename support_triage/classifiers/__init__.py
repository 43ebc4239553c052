"""Text to prediction; nothing here knows Slack or Redis."""
