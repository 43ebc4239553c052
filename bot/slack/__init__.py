"""The wire to Slack: events in, cards and emoji out, who is who."""
