"""The Slack bot and its command line."""
