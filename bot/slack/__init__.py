"""Communication with Slack: events, cards, emoji, and look-ups of people and channels."""
