"""Convert Slack's formats to plain text, and plain text to mrkdwn."""
