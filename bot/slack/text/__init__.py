"""Slack's formats to plain text, and plain text to Slack's mark-up."""
