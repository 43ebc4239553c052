"""Slack: what people see and do."""
