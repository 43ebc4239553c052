"""A local Slack to try the bot in: it knows the wire only, and nothing of the bot."""
