"""A local Slack to try the bot in; it speaks Slack's protocols and imports nothing of the bot."""
